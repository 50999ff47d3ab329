//! Work on a thread of its own, with a runtime that serves nothing else.

use std::{io, sync::mpsc, thread};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

/// How much lower the priority of [`Kind::Background`] is: of a core that another thread uses up, also one of another process, it still
/// has a tenth.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// What a thread is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Calls that block. It has no network.
    Blocking,
    /// Network, and only what may wait while other threads have work. Such a thread must hold no lock that others wait for long.
    Background,
}

/// Runs work, and the tasks that it spawns, on a thread with this name. Resolves when the work has ended, which ends its tasks.
///
/// # Errors
/// If the system has no thread for it.
pub(crate) fn start(
    name: &str,
    kind: Kind,
    work: impl Future<Output = ()> + Send + 'static,
) -> io::Result<BoxFuture<'static, ()>> {
    let (ending, ended) = oneshot::channel::<()>();
    let (starting, started) = mpsc::channel();
    // The thread makes its runtime itself: a runtime must not be dropped where another one runs, if there is no thread.
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        let runtime = runtime(kind);
        let _ = starting.send(runtime.as_ref().map(drop).map_err(io::Error::kind));
        if let Ok(runtime) = runtime {
            runtime.block_on(work);
            // A call that still blocks is not waited for: the lookup of a name may take long.
            runtime.shutdown_background();
        }
        drop(ending);
    })?;
    started.recv().unwrap_or(Err(io::ErrorKind::Other))?;
    Ok(ended.map(drop).boxed())
}

fn runtime(kind: Kind) -> io::Result<Runtime> {
    match kind {
        Kind::Blocking => Builder::new_current_thread().enable_time().build(),
        Kind::Background => {
            lower_priority();
            Builder::new_current_thread().enable_all().build()
        }
    }
}

/// Lowers the priority of the calling thread, and of the threads that it starts.
#[cfg(target_os = "linux")]
fn lower_priority() {
    // Where that is refused, the thread is as any other.
    let _ = rustix::process::nice(NICENESS);
}

/// Elsewhere it would be the priority of the whole process.
#[cfg(not(target_os = "linux"))]
const fn lower_priority() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn when_the_work_has_ended_so_have_its_tasks_but_a_call_that_blocks_is_not_waited_for() {
        for kind in [Kind::Blocking, Kind::Background] {
            let (in_task, of_task) = mpsc::channel::<()>();
            let (unblock, blocked) = mpsc::channel::<()>();
            let work = async move {
                let task = async move {
                    let _held = in_task;
                    std::future::pending::<()>().await;
                };
                drop(tokio::spawn(task));
                drop(tokio::task::spawn_blocking(move || blocked.recv()));
                tokio::task::yield_now().await;
            };
            start("test", kind, work).unwrap().await;
            assert_eq!(of_task.try_recv(), Err(mpsc::TryRecvError::Disconnected), "{kind:?}");
            drop(unblock);
        }
    }
}
