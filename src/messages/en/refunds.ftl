# Refunds that are requested on the page of a payment.

refund = Refund
title = Refund this payment
requests = Refunds requested in KS Pay
amount = Amount to refund
amount-hint = At most { $left }, which is all that is left of this payment. To refund a part, change the amount.
note = Note (optional)
note-hint = For your team. Saved with the refund in { $gateway }.
password-hint = A refund can’t be undone, so KS Pay asks for your password again.
submit = Refund
cancel = Cancel
back = Back to the payment
try-again = Try again
as-read = Current amounts in { $gateway }
left = Left to refund
of-customer = { $gateway } sends the money back to the customer’s original payment method. It usually arrives within 5 to 7 working days.

# At a field
enter-amount = Enter the amount to refund.
amount-invalid = Enter an amount such as { $example }.
more-than-left = Only { $left } is left to refund. Enter at most this amount.
below-min = { $gateway } doesn’t refund less than { $min }. Enter a higher amount.
no-multiple = In this currency, { $gateway } refunds only multiples of { $step }. Enter another amount.

# Nothing can be refunded now: the headline, and what to do.
not-possible = This payment can’t be refunded
not-captured = { $gateway } reports its status as { $status }. Only captured payments can be refunded.
fully-refunded = { $gateway } reports that it was refunded in full.
other-currency = { $gateway } reports this payment in { $currency }, but the payment’s events use another currency. Refund it in { $gateway }.
currency-unknown = The amount of this payment isn’t known yet. Wait until its events have arrived.
in-progress-headline = A refund is in progress
in-progress = { $name } requested a refund of { $amount }, and its outcome isn’t known yet. Until it is, you can’t request another refund of this payment.
rest-too-small = Only { $rest } of this payment is left, and { $gateway } doesn’t refund so little.
all-pending = The rest of this payment is part of a refund whose outcome isn’t known yet. Wait for the outcome, then try again.
no-keys-headline = No API keys for { $mode } mode
no-keys = To refund this payment here, { $link }. You can also refund it in { $gateway }.
    .link = add the API keys of { $gateway }
keys-rejected-headline = { $gateway } rejected the API keys
keys-rejected = Nothing was refunded. { $link }, then try again.
    .link = Enter the current API keys
keys-unreadable-headline = The saved API keys can’t be read
keys-unreadable = Nothing was refunded. { $link }, then try again.
    .link = Enter the API keys again
request-rejected-headline = { $gateway } rejected the request
request-rejected = Nothing was refunded. { $gateway } says: “{ $words }” Check whether the saved API keys belong to the account of this payment.
request-rejected-without-words = Nothing was refunded. Check whether the saved API keys belong to the account of this payment.
unavailable-headline = The payment can’t be read from { $gateway } right now
unreachable = { $gateway } couldn’t be reached from this server. Nothing was refunded. Try again in a minute.
timeout = { $gateway } didn’t respond in time. Nothing was refunded. Try again in a minute.
busy = { $gateway } asked us to try again later. Nothing was refunded. Try again in a minute.
gateway-error = { $gateway } reported an error (status { $status }). Nothing was refunded. Try again in a minute.
too-many-reads = Your company has opened this page many times. Nothing was refunded. Try again in a minute.
paid-twice-headline = The order of this payment was paid twice
paid-twice = Refund only one of its payments.
reported-otherwise-headline = { $gateway } and the events of this payment differ
reported-otherwise = The events reported another order or another amount than { $gateway } does. They may have been sent by someone who knows the webhook’s secret. Check the payment in { $gateway } before you refund it.
disputed-headline = This payment has an open dispute
disputed = If you refund it and then lose the dispute, the customer receives the money twice. Check the dispute in { $gateway } first.

# A refund that was requested: its state, and what it means.
state-sending = In progress
state-unknown = Not confirmed yet
state-confirmed = Accepted
state-rejected = Rejected
state-failed = Failed
requested-by = Requested by { $name }, { $time }
is-sending = KS Pay is sending it to { $gateway }.
is-unknown = { $reason } KS Pay keeps trying, and the refund is made only once. Don’t refund this payment elsewhere in the meantime.
is-without-keys = { $reason } Then KS Pay finds out whether the refund was made, and makes it only once. Don’t refund this payment elsewhere in the meantime.
unknown-unreachable = { $gateway } couldn’t be reached.
unknown-timeout = { $gateway } didn’t respond in time.
unknown-busy = { $gateway } asked us to try again later.
unknown-error = { $gateway } reported an error.
unknown-keys = { $gateway } rejects the saved API keys: enter the current ones.
unknown-no-keys = No usable API keys are saved: enter them again.
unknown-rejected = { $gateway } rejected a repeated request.
is-confirmed-waiting = { $gateway } accepted this refund. The status of the payment changes when { $gateway } reports it, usually within seconds. Refund ID: { $id }
is-confirmed = { $gateway } accepted this refund. The customer usually receives the money within 5 to 7 working days. Refund ID: { $id }
has-failed = { $gateway } accepted this refund, but it failed afterwards, so the customer hasn’t received the money. The details are under “What happened”. Refund ID: { $id }
was-rejected = { $gateway } rejected it, and nothing was refunded: “{ $words }”
was-rejected-without-words = { $gateway } rejected it, and nothing was refunded.
was-keys = { $gateway } rejected the API keys, and nothing was refunded.
was-no-keys = No usable API keys were saved, so nothing was refunded.
was-not-captured = The payment wasn’t captured, and nothing was refunded.
was-fully-refunded = The payment was already refunded in full, and this refund wasn’t made.
was-more-than-left = Less than this amount was left to refund, so nothing was refunded.
was-amount = { $gateway } doesn’t refund this amount, and nothing was refunded.
was-expired = { $gateway } didn’t confirm this refund within 24 hours, so KS Pay stopped trying. Nothing was refunded. Request it again if you still need it.

# Above the page of the payment
now-confirmed = { $gateway } accepted the refund of { $amount }. The status on this page changes when { $gateway } reports the refund, usually within seconds. The customer usually receives the money within 5 to 7 working days. Refund ID: { $id }
now-unknown = The outcome of the refund of { $amount } isn’t known yet. KS Pay keeps checking with { $gateway }, and the refund is made only once.
now-sending = The refund of { $amount } is already being sent.
now-rejected = The refund of { $amount } wasn’t made. The reason is under “Refunds requested in KS Pay”.
form-used = This form was already used for a refund of { $amount }, and nothing else was refunded. Choose Refund to request another.

# On the page of a payment
look-again = Look again
add-keys = To refund payments here, { $link }.
    .link = add the API keys of { $gateway }
