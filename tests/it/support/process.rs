//! The real binary in a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use super::Installation;

/// Only keeps a test that fails from hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether this is root, who may be anybody, and whom no mode of a file stops.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

/// A running process. Killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    out: Receiver<String>,
    err: Arc<Mutex<Vec<u8>>>,
    reading: Option<JoinHandle<()>>,
    seen: Vec<String>,
}

/// What a process left behind.
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<String>,
    pub(crate) err: String,
}

impl Installation {
    /// Starts the binary with these variables and no others.
    pub(crate) fn process(&self, args: &[&str], more: &[(&str, &str)]) -> Process {
        self.spawn(Command::new(env!("CARGO_BIN_EXE_ks-pay")).args(args), more)
    }

    fn spawn(&self, command: &mut Command, more: &[(&str, &str)]) -> Process {
        // Whatever it makes where it stands is this test's alone.
        command.current_dir(self.beside("")).env_clear().envs(self.variables()).envs(more.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, out) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut stderr = child.stderr.take().unwrap();
        let err = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&err);
        let reading = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(1..) = stderr.read(&mut part).inspect(|length| read.lock().unwrap().extend_from_slice(&part[..*length]))
            {
            }
        });
        Process { child, out, err, reading: Some(reading), seen: Vec::new() }
    }

    /// Runs the binary as a user who owns nothing; only root can. The test's folder is opened to them, the data directory is not.
    pub(crate) fn process_as_nobody(&self, args: &[&str], more: &[(&str, &str)]) -> Process {
        let binary = self.beside("ks-pay");
        if !binary.exists() {
            let built = env!("CARGO_BIN_EXE_ks-pay");
            std::fs::hard_link(built, &binary).or_else(|_| std::fs::copy(built, &binary).map(drop)).unwrap();
            std::fs::set_permissions(self.beside(""), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(binary).args(args);
        self.spawn(&mut command, more)
    }

    /// Runs the binary where the data directory is a disk of its own, in a mount namespace that ends with the process.
    /// `options` are those of a tmpfs. What is in the data directory is copied there, and `fill` ends with the disk full.
    /// `None` where this user may not mount anything.
    pub(crate) fn process_on_small_disk(&self, options: &str, args: &[&str]) -> Option<Process> {
        const MOUNT: &str = "mount -t tmpfs -o \"mode=0700,$0\" tmpfs \"$DISK\" || exit 99";
        const COPY: &str = "cp -a \"$KS_PAY_DATA_DIR/.\" \"$DISK\" || exit 98";
        const FILL: &str = "dd if=/dev/zero of=\"$DISK/ks-pay.db-fill\" bs=1024 2>/dev/null";
        let unshare = |script: &str| {
            let mut command = Command::new("unshare");
            command.args((!is_root()).then_some("--map-root-user")).args(["--mount", "/bin/sh", "-c", script, options]);
            command
        };
        let disk = self.beside("disk");
        std::fs::create_dir_all(&disk).unwrap();
        std::fs::create_dir_all(self.data_dir()).unwrap();
        let disk = disk.to_str().unwrap();
        if !unshare(MOUNT).env("DISK", disk).output().is_ok_and(|output| output.status.success()) {
            return None;
        }
        let mut command = unshare(&format!("{MOUNT}\n{COPY}\n{FILL}\nKS_PAY_DATA_DIR=\"$DISK\" exec \"$@\""));
        command.arg(env!("CARGO_BIN_EXE_ks-pay")).args(args);
        Some(self.spawn(&mut command, &[("DISK", disk)]))
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn serve_in_process(&self, more: &[(&str, &str)]) -> (Process, SocketAddr) {
        self.process(&[], more).listening()
    }

    /// The same, in a process that lives on when a file may not grow.
    pub(crate) fn serve_where_files_are_limited(&self) -> (Process, SocketAddr) {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\"", env!("CARGO_BIN_EXE_ks-pay")]);
        self.spawn(&mut shell, &[]).listening()
    }
}

impl Process {
    fn listening(mut self) -> (Self, SocketAddr) {
        let line = self.line("listening on http://");
        let address = line["listening on http://".len()..].parse().unwrap();
        (self, address)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stderr so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.err.lock().unwrap()).into_owned()
    }

    /// The first line on stdout; none if the process ends without.
    pub(crate) fn first_line(&mut self) -> Option<String> {
        let line = self.out.recv_timeout(PATIENCE).ok()?;
        self.seen.push(line.clone());
        Some(line)
    }

    /// Waits for a line on stdout that begins so.
    #[track_caller]
    pub(crate) fn line(&mut self, beginning: &str) -> String {
        loop {
            let line = self.out.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line {beginning:?} after {:?}", self.seen));
            self.seen.push(line.clone());
            if line.starts_with(beginning) {
                return line;
            }
        }
    }

    /// Whether its log contains that text by now.
    pub(crate) fn has_logged(&self, text: &str) -> bool {
        self.log().contains(text)
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end. Stdout ends when the process does.
    pub(crate) fn end(mut self) -> Ended {
        let mut out = std::mem::take(&mut self.seen);
        loop {
            match self.out.recv_timeout(PATIENCE) {
                Ok(line) => out.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it goes on and on: {out:?}"),
            }
        }
        let code = self.child.wait().unwrap().code();
        self.reading.take().unwrap().join().unwrap();
        Ended { code, out, err: self.log() }
    }

    /// SIGTERM, then its end.
    pub(crate) fn terminate(self) -> Ended {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
