# Alerts: what needs attention, and who is notified.

title = Alerts
intro = Choose who is notified when something needs attention. Live and Test have separate alerts.
on = On
off = Off
edit = Edit
edit-named = Edit { $alert }
everyone = Every user, by email
by-email = { $name }, by email
by-email-off = { $name }, by email (not set up)
no-recipient = No one
no-longer-there = Removed
list = What you are notified of

# The kinds, and when they are sent.
webhook-failing = Webhook failing
webhook-failing-when = When requests proven to be the gateway’s are rejected, every 6 h until it is fixed, and when it works again
webhook-disabling = Webhook about to be disabled
webhook-disabling-when = 12 h and 2 h before the gateway disables it
webhook-silent = Webhook silent
webhook-silent-when = When no event arrives for longer than usual, and when events arrive again
destination-failing = Destination not responding
destination-failing-when = After 15 min, every 6 h until it responds, and when it responds again
destination-paused = Destination paused
destination-paused-when = When KS Pay pauses a destination
backlog = Deliveries overdue
backlog-when = When a delivery is more than 1 h overdue, and when none is
dispute-opened = Dispute opened
dispute-opened-when = Immediately, with amount and deadline
dispute-deadline = Dispute deadline
dispute-deadline-when = 3 days and 1 day before. Never muted.
order-paid-twice = Order paid twice
order-paid-twice-when = Immediately, once the order’s amount is known. Partial payments up to this amount don’t cause an alert.
refund-to-confirm = Refund to confirm
refund-to-confirm-when = When a refund that an automation proposes waits for your confirmation

# Email
email-missing = Email isn’t set up, so users aren’t notified. { $link }
    .link = How to set it up
channels = Channels
channels-link = Channels of the company
channels-none = Alerts can also be posted to Slack, Microsoft Teams, Discord and Telegram.
channel-failing = { $name } ({ $service }) has been failing since { $time }. Its alerts go to { $fallback } instead.
fallback-everyone = every user by email
channel-fails = { $name } ({ $service }) hasn’t accepted alerts since { $time }.
channel-fails-reason = Others are notified instead. Send a test message to see why.
see-channel = Open channels

# Muting
mute = Mute
mute-note = Alerts are still recorded, but no one is notified. Dispute deadlines are never muted.
mute-hour = For 1 hour
mute-tomorrow = Until tomorrow, 9:00 am
mute-monday = Until Monday, 9:00 am
muted-until = Muted until { $time }. Dispute deadlines are still sent.
unmute = End muting
now-muted = Alerts are muted
now-unmuted = Alerts are no longer muted

# Quiet hours
quiet = Quiet hours
quiet-note = Alerts wait until the quiet hours are over. Not delayed: dispute deadlines, and a failing webhook that the gateway disables in less than 2 h. Times are in the app’s time zone, { $zone }.
quiet-from = From
quiet-to = To
quiet-hint = Leave both empty for no quiet hours.
quiet-invalid = Enter a time of day.
quiet-end-missing = Enter the end as well, or leave both empty.
quiet-start-missing = Enter the start as well, or leave both empty.
quiet-same = Start and end are the same. Choose another end, or leave both empty.
quiet-saved = Quiet hours saved: { $from } to { $to }
quiet-off = Quiet hours are off
save = Save
saved = Alerts are saved

# One kind
form-title = Who is notified
turn-on = Send this alert
turned-off-note = While it is off, alerts are still recorded, but no one is notified.
recipients = Recipients
choose-everyone = Every user of the company, by email
choose-some = Only these
choose-one = Choose at least one recipient, or every user.
unknown-recipient = A recipient no longer exists. Choose again.
fallback = If a channel fails
fallback-hint = This recipient is notified instead.
preview = Preview
preview-note = An example, in your language.
test = Send test alert
test-note = A test goes to you by email, if email is set up, and to the saved channels of this alert.
test-sent = { $count ->
    [one] { $count } test message is being sent
   *[other] { $count } test messages are being sent
}
test-none = There is no one to send a test to: set up email or add a channel, and save it as a recipient.
cancel = Cancel

# Recent alerts
recent = Recent alerts
nothing = No alert yet
nothing-text = When something needs attention, it is listed here with everyone who was notified.
open = Open
resolved = Resolved
acknowledged = Acknowledged

# One alert
happened = What happened
since = Since { $time }
count-requests = { $count ->
    [one] { $count } rejected request
   *[other] { $count } rejected requests
}
count-deliveries = { $count ->
    [one] { $count } waiting delivery
   *[other] { $count } waiting deliveries
}
updates = Updates
step-opened = Opened
step-nearer = The deadline is near
step-reopened = The problem is back
step-resolved = Works again
step-closed = No longer applies
step-acknowledged = Acknowledged by { $name }
notified = Who was notified
notified-none = No one has been notified yet.
event-problem = Alert
event-nearer = Deadline
event-reminder = Reminder
event-resolved = Works again
event-test = Test
instead = Sent because a channel failed
acknowledge = Acknowledge
acknowledge-note = Stops the reminders. You are still notified when it works again.
now-acknowledged = Alert acknowledged
see-payment = See the payment
see-refund = See the refund
fix-webhook = Fix the webhook
see-webhook = See the webhook
see-destination = See the destination

# The messages. $app: the name of an app.
subject = { $app }, { $mode }: { $headline }
footer = You receive this because of the alerts of { $app } in { $mode } mode.
test-subject = Test: { $subject }
test-intro = This is a test. Nothing has happened.
action = Open in KS Pay
label-since = Since
label-requests = Rejected requests
label-waiting = Waiting deliveries
label-amount = Amount
label-transaction = Transaction

head-webhook-failing = { $gateway } webhook is failing
head-webhook-failing-still = { $gateway } webhook is still failing
head-webhook-working = { $gateway } webhook is verified again
text-webhook-failing = Requests from { $gateway } are rejected, because their signature doesn’t match. Nothing is lost: what is rejected can be recovered.
text-webhook-working = An event of { $gateway } was verified again.
text-disables = { $gateway } will disable the webhook on { $time }, if every request keeps failing.
head-webhook-disabling = { $gateway } will disable the webhook in { $left }
head-webhook-disabled = { $gateway } may have disabled the webhook
text-webhook-disabling = Requests have been rejected since { $time }. Once the webhook is disabled, no events arrive until you enable it in { $gateway }.
head-webhook-silent = No events from { $gateway }
head-webhook-receiving = Events from { $gateway } arrive again
text-webhook-silent = The last event was verified on { $time }. That is longer ago than usual. Check whether the webhook is still enabled in { $gateway }.
text-webhook-silent-never = No event has been verified for longer than usual. Check whether the webhook is still enabled in { $gateway }.
text-webhook-receiving = An event of { $gateway } was verified again.
head-destination-failing = { $name } isn’t responding
head-destination-failing-still = { $name } still isn’t responding
head-destination-working = { $name } is responding again
text-destination-failing = Deliveries have failed since { $time }. They wait and are sent once it responds.
text-destination-working = A delivery was accepted. Waiting deliveries are being sent.
head-destination-paused = { $name } is paused
text-destination-paused = KS Pay has paused it, because it no longer accepted deliveries. They wait until you resume it.
head-backlog = Deliveries to { $name } are overdue
head-backlog-over = Deliveries to { $name } are no longer overdue
text-backlog = The oldest has been due since { $time }.
text-backlog-over = No delivery is overdue.
head-dispute-opened = Dispute of { $amount } opened
head-dispute-opened-unknown = Dispute opened
text-dispute-opened = Answer it in { $gateway } by { $time }. Without an answer, you lose the money.
text-dispute-undated = Answer it in { $gateway }. The deadline is unknown. Without an answer, you lose the money.
head-dispute-deadline = Answer the dispute of { $amount } within { $left }
head-dispute-deadline-unknown = Answer a dispute within { $left }
text-dispute-deadline = The deadline in { $gateway } is { $time }. Without an answer, you lose the money.

head-order-paid-twice = An order of { $amount } was paid twice
head-order-paid-twice-unknown = An order was paid twice
text-order-paid-twice = Check the order’s payments, and refund what was paid twice.
head-refund-to-confirm = A refund of { $amount } waits for your confirmation
head-refund-to-confirm-unknown = A refund waits for your decision
text-refund-to-confirm = An automation proposes it. Confirm or decline it by { $time }; after that, nothing is refunded.
text-refund-to-confirm-undated = An automation proposes it. Confirm or decline it.

# Several alerts of a kind in one message. $kind: the name of a kind of alert.
many-disputes-opened = { $count ->
    [one] { $count } dispute opened
   *[other] { $count } disputes opened
}
many-dispute-deadlines = { $count ->
    [one] Answer { $count } dispute soon
   *[other] Answer { $count } disputes soon
}
many-alerts = { $kind } ({ $count })
many-over = Works again: { $kind } ({ $count })
many-more = { $count ->
    [one] And { $count } more
   *[other] And { $count } more
}
line-dispute = { $amount }: answer it in { $gateway } by { $time }
line-dispute-undated = { $amount }: answer it in { $gateway }
