//! Real binary in its own process.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
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

/// Timeout, only to keep a failing test from hanging.
const LINE_TIMEOUT: Duration = Duration::from_mins(5);

/// Returns whether this is root, who can become any user, and to whom file modes do not apply.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

/// Running process; killed on drop.
pub(crate) struct Process {
    child: Child,
    out: Receiver<String>,
    err: Arc<Mutex<Vec<u8>>>,
    reading: Option<JoinHandle<()>>,
    seen: Vec<String>,
}

/// Output and exit code of a process.
pub(crate) struct Ended {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<String>,
    pub(crate) err: String,
}

/// A thread of a process.
pub(crate) struct Thread {
    pub(crate) name: String,
    pub(crate) niceness: i32,
}

impl Process {
    /// Returns its threads.
    pub(crate) fn threads(&self) -> Vec<Thread> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        // A thread may end meanwhile.
        tasks.filter_map(|task| Thread::read(&std::fs::read_to_string(task.ok()?.path().join("stat")).ok()?)).collect()
    }
}

impl Thread {
    /// The name is in parentheses; the niceness is the seventeenth value after it.
    fn read(stat: &str) -> Option<Self> {
        let (before, after) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1.to_owned();
        Some(Self { name, niceness: after.split_whitespace().nth(16)?.parse().ok()? })
    }
}

impl Installation {
    /// Starts the binary with these variables and no others.
    pub(crate) fn process(&self, args: &[&str], more: &[(&str, &str)]) -> Process {
        self.spawn(Command::new(env!("CARGO_BIN_EXE_ks-pay")).args(args), more)
    }

    /// Starts it with a stdin on which the test types lines.
    pub(crate) fn process_with_input(&self, args: &[&str], more: &[(&str, &str)]) -> Process {
        self.spawn_with(Command::new(env!("CARGO_BIN_EXE_ks-pay")).args(args), more, Stdio::piped())
    }

    fn spawn(&self, command: &mut Command, more: &[(&str, &str)]) -> Process {
        self.spawn_with(command, more, Stdio::null())
    }

    fn spawn_with(&self, command: &mut Command, more: &[(&str, &str)], stdin: Stdio) -> Process {
        // Files created in the working directory belong to this test only.
        command.current_dir(self.beside("")).env_clear().envs(self.variables()).envs(more.iter().copied());
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
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

    /// Runs the binary as a user who owns nothing, which requires root. The test's folder is opened to that user, the data
    /// directory is not.
    pub(crate) fn process_without_privileges(&self, args: &[&str], more: &[(&str, &str)]) -> Process {
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

    /// Runs the binary with the data directory on a separate disk, in a mount namespace that ends with the process. `options`
    /// are those of a tmpfs. The content of the data directory is copied there, and `fill` fills the disk. `None` if this user
    /// cannot mount.
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

    /// Starts the server in a process that survives the signal for the file size limit.
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

    /// Returns the output on stderr so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.err.lock().unwrap()).into_owned()
    }

    /// Returns the first line on stdout; `None` if the process ends without one.
    pub(crate) fn first_line(&mut self) -> Option<String> {
        let line = self.out.recv_timeout(LINE_TIMEOUT).ok()?;
        self.seen.push(line.clone());
        Some(line)
    }

    /// Waits for a line on stdout with that prefix.
    #[track_caller]
    pub(crate) fn line(&mut self, beginning: &str) -> String {
        loop {
            let line = self.out.recv_timeout(LINE_TIMEOUT);
            let line = line.unwrap_or_else(|_| panic!("no line {beginning:?} after {:?}", self.seen));
            self.seen.push(line.clone());
            if line.starts_with(beginning) {
                return line;
            }
        }
    }

    /// Types a line on its stdin.
    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits until the log contains that text.
    pub(crate) async fn says(&self, text: &str) {
        super::eventually(async || self.has_logged(text)).await;
    }

    /// Returns whether the log contains that text so far.
    pub(crate) fn has_logged(&self, text: &str) -> bool {
        self.log().contains(text)
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the process to end. Stdout closes with the process.
    pub(crate) fn end(mut self) -> Ended {
        let mut out = std::mem::take(&mut self.seen);
        loop {
            match self.out.recv_timeout(LINE_TIMEOUT) {
                Ok(line) => out.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it goes on and on: {out:?}"),
            }
        }
        let code = self.child.wait().unwrap().code();
        self.reading.take().unwrap().join().unwrap();
        Ended { code, out, err: self.log() }
    }

    /// Sends SIGTERM and waits for the end.
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
