//! The server's processes: started under a watchdog, signaled, and surely ended.

use super::{
    Error,
    files::{Folder, Ports},
};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where the server's script stands. The one that Debian puts on the path insists on being root; this one does not.
const PLACES: [&str; 5] = [
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/local/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
    "/opt/homebrew/sbin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
];

/// Runs the server, and ends the whole process group as soon as the pipe on our standard input closes: then the
/// process that started us is gone, however it went. The pipe's other end is close-on-exec, so nobody else holds it.
const WATCHDOG: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ cat <&3 >/dev/null; kill -KILL 0; } &
exec 3<&-
trap '' TERM INT HUP
wait "$server"
"#;

/// The running server.
#[derive(Debug)]
pub(super) struct Server {
    watchdog: Child,
    /// Closed by our death, or by `drop`.
    _alive: Option<ChildStdin>,
    pid_file: PathBuf,
}

impl Server {
    /// Starts the server in its folder; does not wait until it is ready.
    pub(super) fn start(folder: &Folder, ports: Ports, only_known_clients: Option<bool>) -> Result<Self, Error> {
        let script = PLACES
            .into_iter()
            .find(|place| Path::new(place).exists())
            .ok_or(Error::NotInstalled)?;
        folder.configure(ports, only_known_clients)?;
        let pid_file = folder.path.join("pid");
        // What an earlier run left would name a process that is somebody else's by now.
        if pid_file.exists() {
            fs::remove_file(&pid_file).map_err(Error::io("remove", &pid_file))?;
        }
        let log_file = folder.log_file();
        let log = fs::File::create(&log_file).map_err(Error::io("create", &log_file))?;
        let errors = log.try_clone().map_err(Error::io("open", &log_file))?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCHDOG, "rabbitmq-watchdog", script])
            .current_dir(&folder.path);
        command.env_clear().envs(surroundings(&folder.path, ports));
        command
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        let mut watchdog = command.spawn().map_err(Error::io("run", script))?;
        let alive = watchdog.stdin.take();
        Ok(Self {
            watchdog,
            _alive: alive,
            pid_file,
        })
    }

    /// Says whether the server has ended.
    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.watchdog.try_wait(), Ok(None))
    }

    /// Sends a signal to the Erlang machine alone.
    ///
    /// Its process is a child of the watchdog's, which lives as long as it does: the number cannot be anybody else's.
    pub(super) fn signal(&mut self, signal: Signal) -> Result<(), Error> {
        if self.ended() {
            return Err(Error::NotRunning);
        }
        let text = fs::read_to_string(&self.pid_file).map_err(Error::io("read", &self.pid_file))?;
        let pid = text
            .trim()
            .parse()
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(Error::NotRunning)?;
        kill_process(pid, signal).map_err(|source| Error::Signal { source: source.into() })
    }
}

/// Runs `rabbitmqctl` against the node of a folder. Blocks until it ends.
pub(super) fn control(folder: &Path, ports: Ports, arguments: &[&str]) -> Result<String, Error> {
    let script = PLACES
        .into_iter()
        .find(|place| Path::new(place).exists())
        .ok_or(Error::NotInstalled)?;
    let script = Path::new(script).with_file_name("rabbitmqctl");
    let mut command = Command::new(&script);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(surroundings(folder, ports));
    // The tool is an Erlang node, too: it would ask a port mapper where ours is, and listen itself on that port.
    command.env(
        "RABBITMQ_CTL_ERL_ARGS",
        format!(
            "-dist_listen false -start_epmd false -erl_epmd_port {}",
            ports.distribution
        ),
    );
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io("run", &script))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(Error::Control {
            said: text(&output.stderr),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The machine first, so that the watchdog collects it: in a container nobody else may.
        if self.signal(Signal::KILL).is_ok() {
            let deadline = Instant::now() + Duration::from_secs(1);
            while !self.ended() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
        }
        if self.ended() {
            return;
        }
        // Not yet waited for, so the group's number is still ours. A failure leaves the pipe's end to do the work.
        if let Some(group) = i32::try_from(self.watchdog.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.watchdog.wait();
    }
}

/// The whole environment of the server: nothing of ours or of the machine's own broker gets in.
fn surroundings(folder: &Path, ports: Ports) -> Vec<(&'static str, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    let distribution = ports.distribution;
    // The Erlang node is named here rather than by RabbitMQ, and its port given, so that neither starts or asks a
    // port mapper: a second and a process less. Two schedulers are plenty for one machine's orders.
    let erlang = format!(
        "-sname rabbit@localhost -start_epmd false -erl_epmd_port {distribution} \
         -kernel inet_dist_use_interface {{127,0,0,1}} -kernel inet_dist_listen_min {distribution} \
         -kernel inet_dist_listen_max {distribution} +S 2:2"
    );
    vec![
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin".to_owned(),
        ),
        ("LANG", "C.UTF-8".to_owned()),
        ("HOME", folder.display().to_string()),
        ("HOSTNAME", "localhost".to_owned()),
        ("RABBITMQ_NODENAME", "rabbit@localhost".to_owned()),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
        ("RABBITMQ_NODE_PORT", ports.amqp.to_string()),
        ("RABBITMQ_DIST_PORT", distribution.to_string()),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", erlang),
        ("RABBITMQ_MNESIA_BASE", file("data")),
        ("RABBITMQ_LOG_BASE", file("log")),
        ("RABBITMQ_PID_FILE", file("pid")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", file("generated")),
        ("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", file("advanced.config")),
        ("RABBITMQ_CONF_ENV_FILE", file("none")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins")),
    ]
}
