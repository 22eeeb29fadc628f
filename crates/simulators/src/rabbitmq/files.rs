//! The files a node lives by, and the ports it listens on.

use super::Error;
use crate::tls::TestCa;
use rand::RngExt as _;
use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The ports of a node, all on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) amqp: u16,
    /// AMQP over TLS, where that is wanted.
    pub(super) tls: u16,
    pub(super) management: u16,
    /// Erlang's own traffic. The port is given on the command line, so no port mapper (epmd) is needed.
    pub(super) distribution: u16,
}

impl Ports {
    /// Picks ports that nobody listens on.
    pub(super) fn free() -> Self {
        Self {
            amqp: free_port(),
            tls: free_port(),
            management: free_port(),
            distribution: free_port(),
        }
    }

    /// Says which of the ports somebody else listens on.
    pub(super) fn taken(self) -> Option<u16> {
        [self.amqp, self.tls, self.management, self.distribution]
            .into_iter()
            .find(|port| !is_free(*port))
    }
}

/// Picks a port below the range from which the kernel serves outgoing connections, so that none of those takes it
/// between this look and the server's start.
fn free_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(10_000..32_000);
        if is_free(port) {
            return port;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A node's folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Held locked while the node belongs to us.
    _lock: fs::File,
}

impl Folder {
    /// Takes possession of a folder, which is made if it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(Error::io("create", path))?;
        let path = fs::canonicalize(path).map_err(Error::io("find", path))?;
        let lock_file = path.join("lock");
        let lock = fs::File::create(&lock_file).map_err(Error::io("create", &lock_file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::InUse(path)),
            Err(fs::TryLockError::Error(source)) => return Err(Error::io("lock", lock_file)(source)),
        }
        for name in ["data", "log", "generated"] {
            let folder = path.join(name);
            fs::create_dir_all(&folder).map_err(Error::io("create", folder))?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// Reads the ports with which a node was started here before.
    pub(super) fn known_ports(&self) -> Option<Ports> {
        let text = fs::read_to_string(self.path.join("ports")).ok()?;
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Ports {
            amqp: next()?,
            tls: next()?,
            management: next()?,
            distribution: next()?,
        })
    }

    /// Writes the configuration of a node with these ports.
    pub(super) fn configure(&self, ports: Ports, only_known_clients: Option<bool>) -> Result<(), Error> {
        let Ports {
            amqp,
            tls,
            management,
            distribution,
        } = ports;
        self.write("ports", &format!("{amqp} {tls} {management} {distribution}\n"))?;
        // Only the management plugin, which vhosts are made through: each further one is start-up time.
        self.write("enabled_plugins", "[rabbitmq_management].\n")?;
        let mut configuration = configuration(ports);
        if let Some(only_known_clients) = only_known_clients {
            configuration.push_str(&self.tls_configuration(ports, only_known_clients));
        }
        self.write("rabbitmq.conf", &configuration)?;
        self.make_cookie()
    }

    /// Writes certificate, key and authority to where the configuration says they are.
    pub(super) fn keep_identity(&self, identity: &TestCa) -> Result<(), Error> {
        self.write("authority.pem", &identity.ca_pem)?;
        self.write("certificate.pem", &identity.cert_pem)?;
        self.write("key.pem", &identity.key_pem)
    }

    fn tls_configuration(&self, ports: Ports, only_known_clients: bool) -> String {
        let (folder, port) = (self.path.display(), ports.tls);
        let verify = if only_known_clients {
            "verify_peer"
        } else {
            "verify_none"
        };
        format!(
            "listeners.ssl.default = 127.0.0.1:{port}\n\
             ssl_options.cacertfile = {folder}/authority.pem\n\
             ssl_options.certfile = {folder}/certificate.pem\n\
             ssl_options.keyfile = {folder}/key.pem\n\
             ssl_options.verify = {verify}\n\
             ssl_options.fail_if_no_peer_cert = {only_known_clients}\n"
        )
    }

    /// The name of the file that holds what the server printed.
    pub(super) fn log_file(&self) -> PathBuf {
        self.path.join("log").join("console")
    }

    /// The last lines of the server's log, for an error message.
    pub(super) fn log_end(&self) -> String {
        let text = fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(Error::io("write", path))
    }

    /// Makes the secret by which Erlang nodes know each other; the runtime insists on its mode.
    fn make_cookie(&self) -> Result<(), Error> {
        let path = self.path.join(".erlang.cookie");
        if path.exists() {
            return Ok(());
        }
        let cookie = uuid::Uuid::new_v4().simple().to_string();
        let file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(&path);
        file.and_then(|mut file| file.write_all(cookie.as_bytes()))
            .map_err(Error::io("write", path))
    }
}

fn configuration(ports: Ports) -> String {
    let Ports { amqp, management, .. } = ports;
    format!(
        "listeners.tcp.default = 127.0.0.1:{amqp}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {management}\n\
         loopback_users.guest = true\n\
         log.console = true\n\
         log.console.level = info\n\
         log.file = false\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_node_and_remembers_its_ports() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        assert!(matches!(Folder::open(place.path()), Err(Error::InUse(_))));
        assert_eq!(folder.known_ports(), None);
        let ports = Ports::free();
        folder.configure(ports, None).unwrap();
        drop(folder);
        assert_eq!(Folder::open(place.path()).unwrap().known_ports(), Some(ports));
    }

    #[test]
    fn a_port_somebody_listens_on_is_named_as_taken() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        let ports = Ports {
            management: taken,
            ..Ports::free()
        };
        assert_eq!(ports.taken(), Some(taken));
    }
}
