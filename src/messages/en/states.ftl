# States of connections, steps, payments and events, as labels.

failing = Failing
silent = Silent
verified = Verified
pending-verification = Pending verification
not-started = Not started
optional = Optional
off = Off
disabled = Disabled
not-verified-yet = Not verified yet
done = Done
not-checked-yet = Not checked yet
nothing-connected = Nothing connected
not-reported-yet = Not reported yet
created = Created
failed = Failed
authorised = Authorised
# In the filter, which explains it
authorised-not-captured = Authorised, not captured yet
paid = Paid
# Also with a partial refund or a dispute
paid-and-kept = Paid, not fully refunded
partly-refunded = Partly refunded
refunded = Refunded
refund-pending = Refund pending
refund-failed = Refund failed
disputed = Disputed
dispute-lost = Dispute lost
dispute-deducted = Deducted for a dispute
processed = Processed
stored-only = Stored only
conflict = Conflict
quarantined = Quarantined
test = Test
live = Live

dispute-open = Open
dispute-under-review = Under review
dispute-won = Won
dispute-decided-lost = Lost
dispute-closed = Closed
secret-active = Active
secret-still-accepted = Still accepted
secret-your-own = Your own
secret-also-accepted = Also accepted

# Shown next to a state.
