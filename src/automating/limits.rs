//! The limits of what automations send.
//!
//! Invariant: a message is counted in the unit of work that queues it. What a stranger can cause, failed payments with the addresses of
//! others, has lower limits and never delays the messages to the company's own users and channels.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    automations::{
        Automation, Recipient,
        retention::COUNTED_PERIOD,
        runs::{Run, SkipReason},
        store::messages::{self, Counted, Digest},
    },
    db::{DbError, Reader, Tx},
    ledger::payments::changes::ChangeKind,
    primitives::{email, time::Timestamp, vault::Vault},
};

/// The most emails of an automation to one customer in [`COUNTED_PERIOD`].
const MAX_TO_CUSTOMER: i64 = 3;
/// The same for failed payments.
const MAX_TO_CUSTOMER_OF_FAILURES: i64 = 1;
/// The most emails of an automation for failed payments to all customers in an hour. Further ones are skipped.
const MAX_OF_FAILURES_PER_HOUR: i64 = 100;
/// The most emails of a company's automations to customers in an hour. Further runs wait.
const MAX_OF_COMPANY_PER_HOUR: i64 = 1_000;
/// The most messages of an automation to one user or channel in an hour. Further ones are skipped.
const MAX_TO_USER_PER_HOUR: i64 = 100;
const HOUR: Duration = Duration::from_hours(1);
/// The shortest time that a run waits for the limit of its company.
const MIN_WAIT: Duration = Duration::from_mins(2);
/// The purpose of the key of the digests.
const DIGEST_PURPOSE: &str = "automations.recipient";

/// The recipient of a message, for the limits.
pub(super) enum Target<'a> {
    /// The address of a customer, or of the user who receives what customers would in Test mode.
    Customer(&'a str),
    /// The id of a user or channel.
    Company(String),
}

/// Returns how long a run must wait because its company has emailed many customers; `None` if it need not.
pub(super) async fn wait_until(
    reader: &mut Reader,
    automation: &Automation,
    now: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    // Emails for failed payments are skipped instead, so that those to users go on.
    if automation.rule.on == ChangeKind::Failed || !automation.rule.recipients.contains(&Recipient::Customer) {
        return Ok(None);
    }
    let full = messages::full_since(reader, automation.company_id, now.minus(HOUR), MAX_OF_COMPANY_PER_HOUR).await?;
    Ok(full.map(|at| at.plus(HOUR).max(now.plus(MIN_WAIT))))
}

/// Counts a message; returns why it must be skipped, if a limit is reached.
pub(super) async fn count(
    tx: &mut Tx,
    (automation, run): (&Automation, &Run),
    target: Target<'_>,
    (vault, now): (&Vault, Timestamp),
) -> Result<Option<SkipReason>, DbError> {
    let is_of_failure = automation.rule.on == ChangeKind::Failed;
    let (recipient, company, (most, period, reason)) = match target {
        Target::Customer(address) => {
            let most = if is_of_failure { MAX_TO_CUSTOMER_OF_FAILURES } else { MAX_TO_CUSTOMER };
            (email::inbox(address), Some(automation.company_id), (most, COUNTED_PERIOD, SkipReason::DailyLimit))
        }
        Target::Company(id) => (id, None, (MAX_TO_USER_PER_HOUR, HOUR, SkipReason::HourlyLimit)),
    };
    let recipient = digest(vault, &recipient);
    if messages::count_since(&mut *tx, automation.id, &recipient, now.minus(period)).await? >= most {
        return Ok(Some(reason));
    }
    if company.is_some() && is_of_failure {
        let since = now.minus(HOUR);
        if messages::reaches_limit(&mut *tx, automation.id, since, MAX_OF_FAILURES_PER_HOUR).await?
            || messages::full_since(&mut *tx, automation.company_id, since, MAX_OF_COMPANY_PER_HOUR).await?.is_some()
        {
            return Ok(Some(SkipReason::HourlyLimit));
        }
    }
    let counted = Counted { automation: automation.id, run: run.id, recipient, company, at: now };
    messages::insert(tx, &counted).await?;
    Ok(None)
}

fn digest(vault: &Vault, recipient: &str) -> Digest {
    let key = vault.derive(DIGEST_PURPOSE);
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.chain_update(recipient.as_bytes()).finalize().into_bytes().into()
}
