//! `ks-pay demo`: says where to look and how to get in, then runs until it is told to stop.

use super::{Failure, Io};
use crate::{config::Config, demo, server::Signals, urls};

pub(super) async fn run(config: Config, io: &mut Io<'_>) -> Result<(), Failure> {
    let mut signals = Signals::receive()?;
    let demo = tokio::select! {
        started = demo::start(config) => started?,
        () = signals.next() => return Ok(()),
    };
    let address = demo.server.address();
    io.say(format_args!("listening on http://{address}"))?;
    io.say(format_args!("sign in at http://{address}{}", urls::LOGIN))?;
    io.say(format_args!("  e-mail    {}", demo::EMAIL))?;
    io.say(format_args!("  password  {}", demo.password))?;
    io.out.flush()?;
    Ok(demo.run(signals).await?)
}
