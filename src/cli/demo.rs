//! `ks-pay demo`: prints the address and the sign-in details, then runs until a shutdown signal.

use super::{Failure, Io};
use crate::{
    demo,
    server::{Signals, config::Config},
    telemetry::{self, LogFormat},
    urls,
};

pub(super) async fn run(config: Config, format: LogFormat, io: &mut Io<'_>) -> Result<(), Failure> {
    let mut signals = Signals::receive()?;
    let demo = tokio::select! {
        started = demo::start(config) => started?,
        () = signals.next() => return Ok(()),
    };
    let address = demo.server.address();
    let line = |text: &str| telemetry::line(format, "INFO", text);
    io.say(line(&format!("listening on http://{address}")))?;
    io.say(line(&format!("sign in at http://{address}{}", urls::LOGIN)))?;
    io.say(line(&format!("  email     {}", demo::EMAIL)))?;
    io.say(line(&format!("  password  {}", demo.password)))?;
    io.out.flush()?;
    Ok(demo.run(signals).await?)
}
