//! Chooses which due messages are sent next.
//!
//! Invariant: the channels of a service take turns, and each has at most [`MAX_SENDING_PER_CHANNEL`] messages that a server sends at the
//! same time, so a channel that is slow or has many messages delays no other. What waits for a paused channel is postponed.

use std::collections::HashMap;

use super::{
    channels,
    store::{self, Claim, Claimed},
};
use crate::{
    db::{Db, DbError, Reader, with_timeout},
    primitives::{id::ChannelId, time::Timestamp},
};

/// The number of messages to a channel that a server sends at the same time.
const MAX_SENDING_PER_CHANNEL: usize = 2;
/// The most channels that are looked at before messages are claimed.
const MAX_VISITED: usize = 64;
/// The most messages to a channel that are postponed in one unit of work.
const MAX_POSTPONED: i64 = 500;

/// The number of messages to each channel that this server is sending.
pub(super) type Busy = HashMap<ChannelId, usize>;

/// Whose turn it is.
pub(super) struct Turns {
    /// The channel that was looked at last.
    after: ChannelId,
}

/// What was claimed.
pub(super) struct Taken {
    pub(super) messages: Vec<Claimed>,
    /// True if there are channels that were not looked at, although more could be sent.
    pub(super) has_more: bool,
}

/// What is claimed and what is postponed, by channel.
#[derive(Default)]
struct Plan {
    claims: Vec<(ChannelId, usize)>,
    paused: Vec<(ChannelId, Timestamp)>,
    has_more: bool,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { after: ChannelId::least() }
    }

    /// Claims at most `free` messages to channels.
    pub(super) async fn claim(&mut self, db: &Db, claim: &Claim, (free, busy): (usize, &Busy)) -> Result<Taken, DbError> {
        let plan = with_timeout(async { self.plan(&mut db.reader().await?, claim, (free, busy)).await }).await?;
        let mut messages = Vec::new();
        if !plan.claims.is_empty() || !plan.paused.is_empty() {
            let claimed = async {
                let mut tx = db.begin().await?;
                for (channel, limit) in &plan.claims {
                    let limit = i64::try_from(*limit).unwrap_or_default();
                    messages.extend(store::claim_of_channel(&mut tx, claim, *channel, limit).await?);
                }
                for (channel, until) in &plan.paused {
                    store::postpone_channel(&mut tx, (claim.kind, *channel), (claim.now, *until), MAX_POSTPONED).await?;
                }
                tx.commit().await
            };
            with_timeout(claimed).await?;
        }
        Ok(Taken { messages, has_more: plan.has_more })
    }

    /// Visits the channels that have messages, after the one that was visited last, until `free` messages are found.
    async fn plan(&mut self, reader: &mut Reader, claim: &Claim, (mut free, busy): (usize, &Busy)) -> Result<Plan, DbError> {
        let (start, mut plan, mut is_second_half) = (self.after, Plan::default(), false);
        for _ in 0..MAX_VISITED {
            if free == 0 {
                return Ok(plan);
            }
            let mut next = store::next_channel(&mut *reader, claim.kind, self.after).await?;
            if next.is_none() && !is_second_half {
                is_second_half = true;
                next = store::next_channel(&mut *reader, claim.kind, ChannelId::least()).await?;
            }
            let Some(channel) = next.filter(|id| !is_second_half || *id <= start) else { return Ok(plan) };
            self.after = channel;
            let sending = busy.get(&channel).copied().unwrap_or_default();
            let limit = MAX_SENDING_PER_CHANNEL.saturating_sub(sending).min(free);
            free -= visit(reader, &mut plan, claim, (channel, limit)).await?;
        }
        plan.has_more = true;
        Ok(plan)
    }
}

/// Plans what is done with a channel, and returns how many of its messages are claimed.
async fn visit(
    reader: &mut Reader,
    plan: &mut Plan,
    claim: &Claim,
    (channel, limit): (ChannelId, usize),
) -> Result<usize, DbError> {
    let within = i64::try_from(limit).unwrap_or_default();
    let due = if limit == 0 { 0 } else { store::count_due(&mut *reader, claim, channel, within).await? };
    if due == 0 {
        return Ok(0);
    }
    if let Some(until) =
        channels::store::paused_until(reader, channel).await?.filter(|until| channels::is_paused(*until, claim.now))
    {
        plan.paused.push((channel, until));
        return Ok(0);
    }
    plan.claims.push((channel, due));
    Ok(due)
}
