// Keeps the page up to date while somebody looks at it. Without JavaScript the page reloads itself instead.
const every = 3000;
setInterval(async () => {
  if (document.hidden || String(getSelection())) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["header", "main"]) {
      const [now, then] = [document.querySelector(part), fresh.querySelector(part)];
      if (now && then && !now.contains(document.activeElement) && now.innerHTML !== then.innerHTML) {
        now.innerHTML = then.innerHTML;
      }
    }
    document.title = fresh.title;
  } catch {
    // The console is away for a moment; the page stays as it was.
  }
}, every);
