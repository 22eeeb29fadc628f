//! How the page looks, and the few lines that keep it fresh.

/// The colors and shapes of Ticketsmith's pages, light and dark.
pub(super) const STYLE: &str = r"
:root{color-scheme:light dark;
--paper:light-dark(#f6f5f2,#15171a);--card:light-dark(#fff,#1d2024);--ink:light-dark(#1b1d21,#e9e7e2);
--soft:light-dark(#61656d,#9ba1ab);--line:light-dark(#e1dfd9,#2e3238);--brand:light-dark(#1f5fbf,#7db0ff);
--good:light-dark(#1e7a46,#5fcb8f);--wait:light-dark(#8a5700,#f0b452);--bad:light-dark(#b3261e,#ff8a80);
--good-bg:light-dark(#e5f3ea,#1c2f25);--wait-bg:light-dark(#fbf0dc,#33291a);--bad-bg:light-dark(#fbe8e6,#381f1e);--r:10px}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main,header>div,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{border-bottom:1px solid var(--line);background:var(--card)}
header>div{display:flex;gap:4px 22px;align-items:center;min-height:56px;flex-wrap:wrap}
header b{font-size:16px;letter-spacing:-.01em;flex:1}
.env{border:1px solid var(--line);border-radius:6px;padding:1px 8px;font-size:12px;color:var(--soft)}
h1{font-size:22px;letter-spacing:-.02em;margin:28px 0 2px}h2{font-size:15px;margin:0 0 10px}
.sub{color:var(--soft);margin:0 0 18px}
section{background:var(--card);border:1px solid var(--line);border-radius:var(--r);padding:18px 20px;margin:0 0 16px}
.btn{border:1px solid var(--line);border-radius:7px;padding:6px 12px;color:var(--ink);font:inherit;font-weight:600;font-size:14px;
white-space:nowrap;background:var(--card);cursor:pointer}
.btn:hover{border-color:var(--soft)}.btn.go{background:var(--brand);border-color:var(--brand);color:light-dark(#fff,#10131a)}
:focus-visible{outline:2px solid var(--brand);outline-offset:2px}
.pill{display:inline-block;border-radius:20px;padding:1px 9px;font-size:12.5px;font-weight:600;white-space:nowrap}
.good{color:var(--good);background:var(--good-bg)}.wait{color:var(--wait);background:var(--wait-bg)}
.bad{color:var(--bad);background:var(--bad-bg)}.draft{color:var(--soft);background:var(--paper)}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px;padding:0 10px 6px 0}
td{padding:9px 10px 9px 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td:last-child{padding-right:0;text-align:right}td.name{max-width:200px}td.key,td.ticket{white-space:nowrap}td.state{min-width:150px;max-width:280px}a{color:var(--brand)}
code{font:13px ui-monospace,monospace}.soft{color:var(--soft);font-size:13px}.line{display:block;white-space:nowrap}
form.new{display:grid;grid-template-columns:2fr 2fr 1.4fr 90px auto;gap:10px;align-items:end}
label{display:grid;gap:3px;font-size:12.5px;font-weight:600;color:var(--soft)}
input{font:inherit;font-weight:400;font-size:14px;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:7px;padding:6px 9px;width:100%}
.problem{background:var(--bad-bg);color:var(--bad);border-radius:8px;padding:9px 14px;margin:0 0 16px}
.empty{color:var(--soft);margin:0}footer{color:var(--soft);font-size:13px;padding-bottom:28px}
@media(max-width:820px){form.new{grid-template-columns:1fr 1fr}thead{display:none}
table,tbody{display:block}tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:2px 12px;padding:10px 0;border-top:1px solid var(--line)}tr:first-child{border:0}
td{border:0;padding:0;grid-column:1}td.name,td.state{max-width:none}td.state,td.ticket{grid-column:1/-1}td:last-child{grid-column:2;grid-row:1/3;align-self:center}}
";

/// Fetches the page again and swaps the orders in, as long as somebody looks; without it a reload does.
pub(super) const FRESHEN: &str = r"
setInterval(async()=>{if(document.hidden)return;try{const answer=await fetch('/');if(!answer.ok)return;
const fresh=new DOMParser().parseFromString(await answer.text(),'text/html').getElementById('orders');
const shown=document.getElementById('orders');
if(fresh&&shown&&fresh.innerHTML!==shown.innerHTML&&!shown.contains(document.activeElement))shown.replaceWith(fresh);
}catch{}},1000);
";
