//! The node as its user sees it.

use super::{
    Error, Management,
    files::{Folder, Ports},
    janitor::Janitor,
    server::{self, Server},
};
use crate::tls::TestCa;
use rustix::process::Signal;
use std::{
    fmt,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// How often a starting or stopping server is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How a private node is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for its data, kept afterwards; a temporary one, removed afterwards, if there is none. A node that
    /// was started here before comes back with its messages and its ports.
    pub dir: Option<PathBuf>,
    /// How long a start may take.
    pub wait: Duration,
    /// Lets it listen for TLS, too.
    pub tls: Option<Tls>,
}

/// How a node speaks TLS.
#[derive(Clone)]
pub struct Tls {
    /// Its certificate and key, and the authority it trusts.
    pub identity: TestCa,
    /// Whether it takes only clients with a certificate of that authority.
    pub only_known_clients: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("only_known_clients", &self.only_known_clients)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dir: None,
            wait: Duration::from_secs(60),
            tls: None,
        }
    }
}

/// A running RabbitMQ node of our own. Dropping it ends the server.
pub struct Node {
    // Fields are dropped in this order: the server before the folder it writes to.
    server: Option<Server>,
    folder: Folder,
    ports: Ports,
    wait: Duration,
    /// None without TLS.
    only_known_clients: Option<bool>,
    management: Management,
    _janitor: Option<Janitor>,
    _temporary: Option<tempfile::TempDir>,
}

impl Node {
    /// Starts a node and waits until it takes connections.
    ///
    /// # Errors
    /// When the server is not installed, or does not become ready.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let temporary = match options.dir {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("rabbitmq-")
                    .tempdir()
                    .map_err(Error::io("create", "a temporary folder"))?,
            ),
        };
        let dir = options
            .dir
            .as_deref()
            .or(temporary.as_ref().map(tempfile::TempDir::path))
            .unwrap_or(Path::new("."));
        let folder = Folder::open(dir)?;
        if let Some(tls) = &options.tls {
            folder.keep_identity(&tls.identity)?;
        }
        let only_known_clients = options.tls.map(|tls| tls.only_known_clients);
        let known = folder.known_ports();
        let ports = known.unwrap_or_else(Ports::free);
        let management = Management::new(&management_url(ports))?;
        let mut node = Self {
            server: None,
            folder,
            ports,
            wait: options.wait,
            only_known_clients,
            management,
            _janitor: temporary
                .as_ref()
                .map(|folder| Janitor::of(folder.path()))
                .transpose()?,
            _temporary: temporary,
        };
        let mut tries = 0;
        loop {
            match node.restart().await {
                // New ports may have been taken between the look and the start; known ones stay what they are.
                Err(Error::Ended { log }) if known.is_none() && tries < 3 && log.contains("eaddrinuse") => {
                    tries += 1;
                    node.ports = Ports::free();
                    node.management = Management::new(&management_url(node.ports))?;
                }
                Err(error) => return Err(error),
                Ok(()) => return Ok(node),
            }
        }
    }

    /// The address of the vhost `/`, for AMQP clients.
    pub fn amqp_url(&self) -> String {
        self.vhost_url("/")
    }

    /// The address of a vhost, for AMQP clients.
    pub fn vhost_url(&self, vhost: &str) -> String {
        let name: String = url::form_urlencoded::byte_serialize(vhost.as_bytes()).collect();
        format!(
            "amqp://guest:guest@127.0.0.1:{}/{}",
            self.ports.amqp,
            name.replace('+', "%20")
        )
    }

    /// The address of the vhost `/` over TLS; of use where the node was started with it.
    pub fn amqps_url(&self) -> String {
        format!("amqps://guest:guest@127.0.0.1:{}/%2F", self.ports.tls)
    }

    /// The address of the management API, with name and password in it.
    pub fn management_url(&self) -> String {
        management_url(self.ports)
    }

    /// The folder with its data.
    pub fn dir(&self) -> &Path {
        &self.folder.path
    }

    /// The management API.
    pub fn management(&self) -> &Management {
        &self.management
    }

    /// Makes a vhost and lets `guest` do everything in it.
    ///
    /// # Errors
    /// When the management API cannot be reached or refuses.
    pub async fn create_vhost(&self, name: &str) -> Result<(), Error> {
        self.management.create_vhost(name).await
    }

    /// Removes a vhost with everything in it.
    ///
    /// # Errors
    /// When the management API cannot be reached or refuses.
    pub async fn delete_vhost(&self, name: &str) -> Result<(), Error> {
        self.management.delete_vhost(name).await
    }

    /// Says whether the server runs (or is frozen).
    pub fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| !server.ended())
    }

    /// Stops the server in good order and waits for its end; its data stays.
    ///
    /// # Errors
    /// When it does not run. If it does not end within 30 s it is killed.
    pub async fn stop(&mut self) -> Result<(), Error> {
        self.end(Signal::TERM).await
    }

    /// Kills the server as a power cut would; its data stays as it is on disk.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<(), Error> {
        self.end(Signal::KILL).await
    }

    /// Stops the server's clock: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&mut self) -> Result<(), Error> {
        self.server.as_mut().ok_or(Error::NotRunning)?.signal(Signal::STOP)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&mut self) -> Result<(), Error> {
        self.server.as_mut().ok_or(Error::NotRunning)?.signal(Signal::CONT)
    }

    /// Makes the broker block every connection that publishes, as it does when memory runs short.
    ///
    /// # Errors
    /// When `rabbitmqctl` fails.
    pub async fn block_publishers(&self) -> Result<(), Error> {
        self.control(&["set_vm_memory_high_watermark", "absolute", "1MB"])
            .await
            .map(drop)
    }

    /// Lets publishers go on.
    ///
    /// # Errors
    /// When `rabbitmqctl` fails.
    pub async fn unblock_publishers(&self) -> Result<(), Error> {
        self.control(&["set_vm_memory_high_watermark", "0.4"]).await.map(drop)
    }

    /// Runs `rabbitmqctl` with these arguments against the node, and returns what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub async fn control(&self, arguments: &[&str]) -> Result<String, Error> {
        let (folder, ports) = (self.folder.path.clone(), self.ports);
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let run = move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            server::control(&folder, ports, &arguments)
        };
        let joined = tokio::task::spawn_blocking(run).await;
        joined.unwrap_or_else(|error| {
            Err(Error::Control {
                said: error.to_string(),
            })
        })
    }

    /// Starts a stopped or killed node again, with the same ports and data, and waits until it takes connections.
    ///
    /// # Errors
    /// When it runs, or does not become ready.
    pub async fn restart(&mut self) -> Result<(), Error> {
        if self.is_running() {
            return Err(Error::InUse(self.folder.path.clone()));
        }
        let deadline = Instant::now() + self.wait;
        // The sockets of a server that was just ended, by us or by its watchdog, may need a moment.
        let patience = Instant::now() + Duration::from_secs(10);
        while let Some(port) = self.ports.taken() {
            if Instant::now() > patience {
                return Err(Error::PortTaken(port));
            }
            sleep(LOOK).await;
        }
        self.server = Some(Server::start(&self.folder, self.ports, self.only_known_clients)?);
        while !self.answers().await {
            if !self.is_running() {
                return Err(Error::Ended {
                    log: self.folder.log_end(),
                });
            }
            if Instant::now() > deadline {
                self.server = None;
                return Err(Error::NotReady {
                    waited: self.wait,
                    log: self.folder.log_end(),
                });
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn end(&mut self, signal: Signal) -> Result<(), Error> {
        let server = self.server.as_mut().ok_or(Error::NotRunning)?;
        // A frozen server hears nothing but this.
        server.signal(Signal::CONT)?;
        server.signal(signal)?;
        let deadline = Instant::now() + Duration::from_secs(30);
        while !server.ended() && Instant::now() < deadline {
            sleep(LOOK).await;
        }
        self.server = None;
        Ok(())
    }

    async fn answers(&self) -> bool {
        greets(self.ports.amqp).await && self.management.version().await.is_ok()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("dir", &self.folder.path)
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}

fn management_url(ports: Ports) -> String {
    format!("http://guest:guest@127.0.0.1:{}", ports.management)
}

/// Says whether an AMQP server answers the protocol's greeting.
async fn greets(port: u16) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
        stream.read_u8().await
    };
    // Its first frame is a method frame, of type 1.
    matches!(timeout(Duration::from_secs(1), greeting).await, Ok(Ok(1)))
}
