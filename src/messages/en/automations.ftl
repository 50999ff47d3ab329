# Automations: messages that are sent when a payment changes.

title = Automations
show-title = Automation
intro = Send a message when a payment changes: to the customer, to users, or to a channel. Live and Test have separate automations.
new = New automation
edit-title = Edit automation
list = Automations
nothing = No automations yet
nothing-text = Start from a template below, or write your own.
templates = Start from a template
on = On
off = Off
turn-on = Turn on
turn-off = Turn off
edit = Edit
remove = Delete
last-run = Last run { $time }
never-run = Not run yet
sends-to = Sends to { $recipients }
list-and = { $a }, { $b }
email-missing = Email isn’t set up, so no emails are sent. { $link }
    .link = How to set it up
test-note = In Test mode customers receive nothing. The user who last changed the automation receives their emails instead.
too-many = An app can have { $max } automations in each mode. Delete one to add another.

# The sentence of a rule.
when = When { $change }
and = { $a }, and { $b }
captured = a payment is captured
fails = a payment fails
refunded = a refund is processed
disputed = a dispute opens
is-over = the amount is over { $amount }
is-at-most = the amount is at most { $amount }
is-by = it is paid by { $method }
is-at = it comes from { $gateway }
customer = the customer
user = { $name } by email
channel = { $name } on { $service }
gone = a recipient that was removed

# Templates
confirmation = Order confirmation
confirmation-note = Email the customer when a payment is captured.
refund = Refund confirmation
refund-note = Email the customer when a refund is processed.
failed = Failed payment
failed-note = Email yourself when a payment fails, so that you can call the customer back.
dispute = Dispute opened
dispute-note = Email yourself when a dispute opens, with its deadline.
hello = Hello,
payment-line = Payment: { $id }
order-line = Order: { $id }
reason-line = Reason: { $reason }
deadline-line = Answer by: { $time }
confirmation-subject = We received your payment of { $amount }
confirmation-text = Thank you. We received your payment of { $amount } by { $method } on { $time }.
refund-subject = Your refund of { $amount }
refund-text = We refunded { $amount } on { $time }. Your bank may take a few days to show it.
failed-subject = A payment of { $amount } failed
failed-text = A payment of { $amount } by { $method } failed on { $time }.
dispute-subject = Dispute of { $amount } opened
dispute-text = A dispute of { $amount } was opened on { $time }.

# The editor
rule = Rule
rule-when = When
rule-and = and
rule-send = then send the message to
change-label = Change
comparison-label = Condition on the amount
method-label = Condition on the payment method
gateway-label = Condition on the gateway
any-amount = the amount is any
over = the amount is over
at-most = the amount is at most
amount = Amount
currency = Currency
any-method = the payment method is any
any-gateway = the gateway is any
message = Message
english = English
hindi = Hindi
hindi-optional = Hindi (optional)
subject = Subject
body = Text
customer-language = Language of the message to customers
customer-language-hint = Users and channels receive the text in their own language, if there is one.
markup = **bold**, lines that begin with -, and [text](https://…) are formatted in emails. Variables are replaced by the payment’s values.
variables = Variables
variables-of = Only when { $change }
variable-note = A note of the payment
save = Save
save-on = Save and turn on
preview = Preview
test = Send me a test
cancel = Cancel
preview-title = Preview
letter-from = From
letter-to = To
letter-sender = { $name } · replies go to { $address }
preview-example = No payment of the last 7 days fits yet, so this shows an example.
preview-payment = Shown with the newest payment that fits.
would-run = { $count ->
    [0] In the last 7 days this would not have run.
    [one] In the last 7 days this would have run for { $count } payment.
   *[other] In the last 7 days this would have run for { $count } payments.
}
would-not = { $count ->
    [one] { $count } more didn’t meet the conditions.
   *[other] { $count } more didn’t meet the conditions.
}
examined = Only the newest { $count } payments were counted.
test-sent = The test is on its way to your email address.
test-no-email = Set up email to send a test.
added = Automation added
added-on = Automation added and turned on
saved = Automation saved
now-on = The automation is on. It reacts to payments from now on.
now-off = The automation is off
removed = Automation deleted

# Errors
enter-amount = Enter an amount, such as 500 or 1,299.50.
enter-currency = Enter the three letters of a currency, such as INR.
unknown-choice = Choose one of the list.
choose-recipient = Choose at least one recipient.
unknown-recipient = A recipient no longer exists. Choose another.
too-many-recipients = Choose at most { $max } recipients.
enter-text = Enter a text.
text-too-long = Use at most { $max } characters.
unknown-variable = { $name } isn’t a variable of this change. See the list of variables below.
unclosed-variable = A variable begins with two braces and has no end. Close it with two braces.
link-invalid = { $url } can’t be linked. Enter a complete address that begins with https://, without variables.

# A rule and its runs
runs = Runs
runs-by-state = Runs by state
all = All
no-run = No runs yet
no-run-text = A run is listed here for each payment that the automation reacts to.
no-run-of-state = No runs in this state.
run-waiting = Waiting
run-sending = Sending
run-done = Sent
run-failed = Not sent
run-skipped = Skipped
run = Run
run-again = Run again
run-title = Run
run-of = Payment of { $amount }
run-of-unknown = Payment
see-transaction = See the payment
occurred = The payment changed { $time }
requested = Run by { $name }
steps = What was done
no-step = Nothing yet.
now-requested = The run has started
not-ended = This run hasn’t ended yet. Wait until it has.
more-than = { $count } or more
skipped-recovered = The event was recovered from a rejected request, so nothing was sent. Run it if the message is still wanted.
skipped-too-old = The payment changed more than 24 hours ago, so nothing was sent. Run it if the message is still wanted.
skipped-before-on = The payment changed before the automation was turned on. Run it if the message is still wanted.
skipped-turned-off = The automation was turned off before this run.
skipped-no-address = The payment has no email address of the customer.
skipped-daily-limit = The customer has already received the most emails that this automation sends to one person in 24 hours.
skipped-no-email = Email isn’t set up.
skipped-recipient-gone = The recipient no longer exists.
remove-title = Delete this automation?
remove-effect = It no longer reacts to payments. Messages that are already queued are still sent.
remove-keep = Keep it

# What messages say besides the user's text.
see-payment = See the payment
footer-customer = Sent by { $app }. Reply to this email to reach them.
footer-company = Sent by an automation of { $app } ({ $mode }).
instead-of-customer = This is a test payment, so this email was sent to you instead of the customer.
test-subject = Test: { $subject }
test-intro = You sent this test from KS Pay. No one else received it.
