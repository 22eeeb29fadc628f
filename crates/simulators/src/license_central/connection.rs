//! A TCP connection that can be cut from inside of a request: closed in good order, or reset.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// FIN: the client reads an end of file.
    Close,
    /// RST: the client's read fails.
    Reset,
}

/// The handle on one connection that its requests carry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scissors {
    cut: CancellationToken,
    reset: Arc<AtomicBool>,
}

impl Scissors {
    /// Ends the connection; whoever serves it drops it.
    pub(crate) fn cut(&self, how: Cut) {
        self.reset.store(how == Cut::Reset, Ordering::Release);
        self.cut.cancel();
    }

    /// Resolves once the connection is to end.
    pub(crate) async fn was_cut(&self) {
        self.cut.cancelled().await;
    }
}

/// The socket, which resets itself when dropped if that was asked for.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    scissors: Scissors,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, scissors: Scissors) -> Self {
        Self { stream, scissors }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.scissors.reset.load(Ordering::Acquire) {
            // Zero linger turns the close that follows into a reset. If it fails the client sees a close instead.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
