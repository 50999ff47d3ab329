# Events: what each reports, how it arrived, and the pages about events.

# What an event reports, with its amount and without it
unreadable = A signed message whose type couldn’t be read
received = Event { $name } received
received-with-payment = Event { $name } received, with a payment of { $amount }
reports = { $gateway } reports { $name }
reports-for-payment = { $gateway } reports { $name } for a payment of { $amount }
reports-for-order = { $gateway } reports { $name } for an order of { $amount }

payment-created = A payment was created
payment-created-of = A payment of { $amount } was created
payment-authorised = A payment was authorised
payment-authorised-of = A payment of { $amount } was authorised
payment-captured = A payment was captured
payment-captured-of = { $amount } was paid
payment-failed = A payment failed
payment-failed-of = A payment of { $amount } failed
order-paid = An order was paid in full
order-paid-of = An order of { $amount } was paid in full
payment-link-paid = A payment link was paid
payment-link-paid-of = { $amount } was paid through a payment link
payment-link-partly-paid = Part of a payment link was paid
payment-link-partly-paid-of = { $amount } was paid towards a payment link
invoice-paid = An invoice was paid in full
invoice-paid-of = { $amount } was paid; the invoice is paid in full
invoice-partly-paid = Part of an invoice was paid
invoice-partly-paid-of = { $amount } was paid towards an invoice
subscription-charged = A subscription was paid
subscription-charged-of = { $amount } was paid for a subscription
subscription-activated = A subscription became active
subscription-activated-of = A subscription became active with a payment of { $amount }
subscription-completed = A subscription was completed
subscription-completed-of = A subscription was completed with a payment of { $amount }
qr-code-credited = A payment was made by QR code
qr-code-credited-of = { $amount } was paid by QR code
virtual-account-credited = A payment was made into a virtual account
virtual-account-credited-of = { $amount } was paid into a virtual account

refund-requested = A refund was requested
refund-requested-of = A refund of { $amount } was requested
refund-requested-and-processed = A refund was requested and processed straight away
refund-requested-and-processed-of = A refund of { $amount } was requested and processed straight away
refund-processed = A refund was processed
refund-processed-of = A refund of { $amount } was processed
refund-failed = A refund failed
refund-failed-of = A refund of { $amount } failed
refund-speed-changed = The speed of a refund changed
refund-speed-changed-of = The speed of a refund of { $amount } changed

dispute-created = A customer disputes a payment
dispute-created-of = A customer disputes { $amount } of a payment
dispute-created-of-this = A customer disputes { $amount } of this payment
dispute-created-of-all = A customer disputes this payment of { $amount }
dispute-under-review = A dispute is under review
dispute-under-review-of = A dispute of { $amount } is under review
dispute-action-required = A dispute needs your answer in { $gateway }
dispute-action-required-of = A dispute of { $amount } needs your answer in { $gateway }
dispute-won = You won a dispute
dispute-won-of = You won a dispute of { $amount }
dispute-lost = You lost a dispute
dispute-lost-of = You lost a dispute of { $amount }
dispute-lost-nothing-deducted = You lost a dispute of { $amount }; nothing was deducted
dispute-lost-and-deducted = You lost a dispute of { $amount }; { $deducted } was deducted
dispute-closed = A dispute was closed
dispute-closed-of = A dispute of { $amount } was closed

settlement = { $gateway } sent money to your bank account
settlement-of = { $gateway } sent { $amount } to your bank account
settlement-with-utr = { $gateway } sent money to your bank account, UTR { $utr }
settlement-of-with-utr = { $gateway } sent { $amount } to your bank account, UTR { $utr }

# States that need attention
not-json = This event is signed, but its body isn’t JSON. It was stored and changes no payment. { $look-up }
unreadable-field = This event is signed, but its field { $field } couldn’t be read. It was stored and changes no payment. { $look-up }
unreadable-event = This event is signed, but it couldn’t be read. It was stored and changes no payment. { $look-up }
conflict = Another body was received under this event’s ID before. Both are stored; the money is counted once.
settlement-stored = A settlement belongs to no single payment. It is stored and changes no transaction.
stored-only = Events of this type are stored exactly as received. They change no transaction.

# How an event arrived
received-times = Received { $count } times, counted once
part = Event { $number } in this request
part-of = Event { $number } of { $count } in this request
arrival-unknown = Time of arrival unknown: this server’s clock was wrong.
time-unread = Its time couldn’t be read.
no-time = No event time given.
dated-later = Dated later than it arrived: this server’s clock or the sender’s was wrong.
arrived-immediately = Arrived immediately.
arrived-later = Arrived { $span } later.
arrived-after-next = It arrived after the event below; the order doesn’t matter.
received-times-sentence = Received { $count } times, counted once.
time-of-gateway = The gateway’s own time
time-borrowed = No event time given; this is the time of its payment, refund or dispute

# The list
title = Events
what = What the gateway reports
event-type = Type
type-example = payment.captured or refund
search-example = Event, transaction, payment or order ID, or UTR
more-found = More than { $count } events; the newest { $count } are shown
transaction = Transaction
arrived = Arrived
no-event-yet = No events yet
no-event-yet-advice = Every request that the gateway signs for { $mode } mode is stored and shown here. Connect the webhook first.
none-of-type = No event whose type begins with { $name } has been received.
none-with-status = No event has the status “{ $status }”.
none-of-type-with-status = No event has the status “{ $status }” and a type that begins with { $name }.
none-of-filters = No event matches these filters.
none-named = No event has the ID or reference { $name }, and no event belongs to a payment or order that has it. Enter it in full; IDs are case-sensitive.
show-all = Show all events

# The page of an event
unknown-type = Event of unknown type
first-event = Open the first event
see-what-to-do = See what to do
timeline = Timeline
created-at-gateway = Created at { $gateway }
created-about = Created at about this time
rejected = Received and rejected
rejected-why = It failed verification.
rejected-see = It failed verification. { $list }
    .list = See why
recovered = Recovered
recovered-by = { $name } recovered it after its signature was verified.
recovered-note = Rejected first, then recovered
verified = Received, verified and stored
acknowledged = Saved to disk, then acknowledged (200).
linked = Linked to transaction
received-again = Received again
not-same-id = It wasn’t always sent under the same event ID.
details = Details
event-id = Event ID
id-of-gateway = { $gateway } event ID
transaction-id = Transaction ID
amount = Amount
utr = UTR
part-label = Part
verified-with = Verified with secret
secret-id = Secret ID
times-received = Times received
size = Size
body-sha-256 = Body SHA-256
