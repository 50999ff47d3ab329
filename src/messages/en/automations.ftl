# Automations: messages that are sent when a payment changes.

title = Automations
show-title = Automation
intro = Send your own message to customers, users or channels, or send the change to your own systems, when a payment is captured, fails, is refunded or is disputed, or when an order is paid twice. Alerts tell you when a webhook fails or a dispute needs a response. Live and Test have separate automations.
new = New automation
edit-title = Edit automation
list = Automations
nothing = No automations yet
nothing-text = Start from a template below, or create your own.
templates = Start from a template
on = On
off = Off
turn-on = Turn on
turn-off = Turn off
edit = Edit
remove = Delete automation
last-run = Last run { $time }
never-run = Not run yet
sends-to = Recipients: { $recipients }
list-and = { $a }, { $b }
email-missing = Email isn’t set up, so no emails are sent. { $link }
    .link = How to set it up
test-note = In Test mode, customers receive nothing. The user who last changed the automation receives their emails instead.
too-many = An app can have at most { $max } automations in each mode. Delete one before you add another.

# The sentence of a rule.
when = When { $change }
and = { $a } and { $b }
captured = a payment is captured
fails = a payment fails
refunded = a refund is processed
disputed = a dispute opens
paid-twice-change = an order is paid twice
is-over = the amount is over { $amount }
is-at-most = the amount is at most { $amount }
is-by = the payment method is { $method }
is-at = the gateway is { $gateway }
customer = Customer
user = { $name } (email)
channel = { $name } ({ $service })
destination = { $name } (destination)
gone = Removed recipient

# Templates
order-status = Order status
order-status-note = Send the order’s ID and the amount to your shop when a payment is captured, so that it can update the order.
needs-destination = First add your shop as a destination. { $link }
    .link = Add a destination
confirmation = Order confirmation
confirmation-note = Email the customer when a payment is captured.
refund = Refund confirmation
refund-note = Email the customer when a refund is processed.
failed = Failed payment
failed-note = Email yourself when a payment fails, with the reason and the payment’s ID.
dispute = Dispute opened
dispute-note = Email yourself when a dispute opens, with its deadline.
paid-twice = Order paid twice
paid-twice-note = Email yourself when the payments of an order exceed its amount, so that you can refund one of them.
hello = Hello,
payment-line = Payment: { $id }
order-line = Order: { $id }
reason-line = Reason: { $reason }
deadline-line = Answer by: { $time }
confirmation-subject = We received your payment of { $amount }
confirmation-text = Thank you. We received your payment of { $amount } by { $method } on { $time }.
refund-subject = Your refund of { $amount }
refund-text = We refunded { $amount } on { $time }. It may take a few days to reach your account.
failed-subject = A payment of { $amount } failed
failed-text = A payment of { $amount } by { $method } failed on { $time }.
dispute-subject = Dispute of { $amount } opened
dispute-text = A dispute of { $amount } was opened on { $time }.
receipt-line = Receipt: { $receipt }
paid-twice-subject = An order was paid twice: { $paid } received
paid-twice-text = An order of { $amount } was paid more than once. We received { $paid } in { $count } payments.
paid-twice-advice = Check the order and refund what was paid twice. The newest payment:

# The editor
rule = Rule
rule-when = When
rule-and = and
rule-send = then send to
rule-send-note = Customers, users and channels receive the message below. Destinations receive the change as JSON.
change-label = Change
comparison-label = Condition on the amount
method-label = Condition on the payment method
gateway-label = Condition on the gateway
any-amount = any amount
over = the amount is over
at-most = the amount is at most
amount = Amount
currency = Currency
any-method = any payment method
any-gateway = any gateway
message = Message
english = English
hindi = Hindi
hindi-optional = Hindi (optional)
subject = Subject
body = Text
customer-language = Language for customers
customer-language-hint = KS Pay doesn’t know a customer’s language, so all customers receive this one. Users and channels receive the message in their own language, if you have written it in that language.
markup = Emails can have **bold text**, lists (lines that begin with -) and links: [text](https://…). Variables are replaced with the payment’s values.
json = JSON for destinations (optional)
json-label = JSON
json-hint = Leave this empty to send the change in the KS Pay format. Otherwise write the JSON that your system expects, with variables inside quotation marks. A string that is only { $example } becomes a number in the smallest unit of the currency, such as paise.
variables = Variables
variables-of = Only when { $change }
variable-note = The value of the payment’s note with this name, which your website adds; – if there is none
save = Save
save-on = Save and turn on
preview = Preview
test = Send me a test
cancel = Cancel
preview-title = Preview
letter-from = From
letter-to = To
letter-instead = you, instead of the customer
letter-sender = { $name } · replies go to { $address }
preview-example = No payment in the last 7 days matches yet, so this is an example.
preview-nothing = No payment in the last 7 days matches yet, so there is nothing to show.
preview-body = What destinations receive
preview-payment = Shown with the newest payment that matches.
would-run = { $count ->
    [0] In the last 7 days, this automation would not have run.
    [one] In the last 7 days, this automation would have run for { $count } payment.
   *[other] In the last 7 days, this automation would have run for { $count } payments.
}
would-not = { $count ->
    [one] { $count } other payment didn’t meet the conditions.
   *[other] { $count } other payments didn’t meet the conditions.
}
examined = Only the newest { $count } payments were checked.
test-sent = The test is on its way to { $email }.
test-no-message = This automation has no message. To see what destinations receive, choose Preview.
test-no-email = Set up email to send a test.
added = Automation added
added-on = Automation added and turned on
saved = Automation saved
now-on = Automation turned on. It reacts to changes from now on.
now-off = Automation turned off
removed = Automation deleted

# Errors
enter-amount = Enter an amount, such as 500 or 1,299.50.
enter-currency = Enter a three-letter currency code, such as INR.
unknown-choice = Choose an option from the list.
no-text-in-language = Customers receive the message in this language. Write it in this language, or choose the other one.
choose-recipient = Choose at least one recipient.
unknown-recipient = A recipient no longer exists. Choose again.
too-many-recipients = Choose at most { $max } recipients.
enter-text = Enter some text.
text-too-long = Enter at most { $max } characters.
unknown-variable = { $name } isn’t available for this change. Use one of the variables below.
unclosed-variable = A variable doesn’t end with two braces. Copy it from the list of variables below.
json-invalid = This isn’t valid JSON: check line { $line }, column { $column }. Variables must be inside quotation marks.
json-too-large = Enter at most { $max } KiB.
json-body-too-large = With its values, this JSON is larger than { $max } KiB. Shorten it.
json-unclosed = A variable doesn’t end with two braces: { $text }
json-variable-in-name = Use variables only in values, not in the name { $name }.
link-invalid = { $url } isn’t a valid link. Enter a complete URL that begins with https:// and has no variables.

# A rule and its runs
runs = Runs
runs-by-state = Runs by state
all = All
no-run = No runs yet.
no-run-text = Each payment that the automation reacts to is listed here.
no-run-of-state = No runs in this state.
run-waiting = Waiting
run-sending = Sending
run-done = Sent
run-failed = Failed
run-skipped = Skipped
run = Run
run-again = Run again
run-again-title = Run this again?
run-again-effect = Everyone who has already received the message receives it again. Destinations receive the delivery again with the same ID.
run-first-title = Run this now?
run-first-effect = The message or the change is sent to the recipients of the automation.
run-title = Run
run-of = { $amount }
run-of-unknown = Payment
see-transaction = See the payment
occurred = Payment changed { $time }
requested = Run by { $name }
steps = Messages and deliveries
no-step = Nothing was sent yet.
now-requested = Run started
not-ended = This run hasn’t ended yet. Wait until it ends, then try again.
too-many-executions = This run has been repeated { $max } times, which is the most.
more-than = { $count } or more
skipped-recovered = The event was recovered from a rejected request, so nothing was sent. Run it to send the message anyway.
skipped-too-old = The payment changed more than 24 hours ago, so nothing was sent. Run it to send the message anyway.
skipped-before-on = The payment changed before the automation was turned on, so nothing was sent. Run it to send the message anyway.
skipped-turned-off = The automation was turned off before this run.
skipped-no-address = The payment has no customer email address.
skipped-daily-limit = This automation has already sent this customer as many emails as it may in 24 hours.
skipped-hourly-limit = Many messages of this automation were sent in the last hour, so this one was skipped. Run it to send the message anyway.
skipped-no-email = Email isn’t set up.
skipped-recipient-gone = The recipient no longer exists.
skipped-body-too-large = The JSON for destinations was larger than { $max } KiB. Shorten it in the automation, then run this again.
skipped-delivery-canceled = The delivery was cancelled before it was sent.
view-delivery = View the delivery
remove-title = Delete this automation?
remove-effect = It no longer reacts to payments, and its runs are no longer listed. Messages that are already queued are still sent. This can’t be undone.
remove-keep = Keep automation

# The parts of a message that users do not write.
see-payment = See the payment
footer-customer = Sent by { $app }. Reply to this email to reach them.
footer-company = Sent by an automation of { $app } in { $mode } mode.
instead-of-customer = This is a test payment, so this email was sent to you instead of the customer.
test-subject = Test: { $subject }
test-intro = You sent this test from KS Pay. No one else received it.
