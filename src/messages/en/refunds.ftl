# Refunds that are requested on the page of a payment.

refund = Refund
title = Refund this payment
requests = Refunds requested here
amount = Amount to refund
amount-hint = At most { $left }
note = Note (optional)
note-hint = For your team. Saved with the refund in { $gateway }.
password-hint = A refund can’t be undone, so KS Pay asks for your password again.
submit = Refund
keep = Keep the payment
back = Back to the payment
try-again = Try again
as-read = As { $gateway } reports it now
left = Left to refund
of-customer = { $gateway } sends the money back the way the customer paid. It usually arrives within 5 to 7 working days.

# At a field
enter-amount = Enter the amount to refund.
amount-invalid = Enter an amount such as { $example }.
more-than-left = Only { $left } is left to refund. Enter at most this amount.
below-min = { $gateway } refunds at least { $min }. Enter a higher amount.
no-multiple = In this currency, { $gateway } refunds multiples of { $step }. Enter another amount.

# Nothing can be refunded now: the headline, and what to do.
not-possible = This payment can’t be refunded
not-captured = { $gateway } reports its status as { $status }. Only captured payments can be refunded.
fully-refunded = { $gateway } reports that it was refunded in full.
other-currency = { $gateway } reports the payment in { $currency }, and its events in another currency. Refund it in { $gateway }.
currency-unknown = The amount of this payment isn’t known yet. Wait until its events have arrived.
in-progress-headline = A refund is in progress
in-progress = The outcome of a refund of { $amount }, requested by { $name }, isn’t known yet. Until then, no other refund of this payment can be requested.
all-pending = All that is left is part of a refund whose outcome isn’t known yet. Wait until it is.
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
unavailable-headline = { $gateway } can’t be asked now
unreachable = { $gateway } couldn’t be reached from this server. Nothing was refunded. Try again in a minute.
timeout = { $gateway } didn’t respond in time. Nothing was refunded. Try again in a minute.
busy = { $gateway } asked us to try again later. Nothing was refunded. Try again in a minute.
gateway-error = { $gateway } reported an error (status { $status }). Nothing was refunded. Try again in a minute.
too-many-reads = Your company has opened this page many times. Nothing was refunded. Try again in a minute.
disputed-headline = A dispute of this payment is open
disputed = If you refund it and then lose the dispute, the customer receives the money twice. Check the dispute in { $gateway } first.

# A refund that was requested: its state, and what it means.
state-sending = In progress
state-unknown = Not confirmed yet
state-confirmed = Confirmed
state-rejected = Rejected
requested-by = Requested by { $name }, { $time }
is-sending = KS Pay is sending it to { $gateway }.
is-unknown = { $reason } KS Pay keeps asking and refunds only once. Don’t refund it again.
unknown-unreachable = { $gateway } couldn’t be reached.
unknown-timeout = { $gateway } didn’t respond in time.
unknown-busy = { $gateway } asked us to try again later.
unknown-error = { $gateway } reported an error.
unknown-keys = { $gateway } rejects the saved API keys: enter the current ones.
unknown-no-keys = No API keys are saved: enter them again.
unknown-rejected = { $gateway } rejected a repeated request.
is-confirmed-waiting = { $gateway } confirmed it as { $id }. The payment changes when its event arrives.
is-confirmed = { $gateway } confirmed it as { $id }.
was-rejected = { $gateway } rejected it, and nothing was refunded: “{ $words }”
was-rejected-without-words = { $gateway } rejected it, and nothing was refunded.
was-keys = { $gateway } rejected the API keys, and nothing was refunded.
was-no-keys = No API keys were saved any more, and nothing was refunded.
was-not-captured = The payment wasn’t captured, and nothing was refunded.
was-fully-refunded = The payment was already refunded in full, and this refund wasn’t made.
was-more-than-left = Less than this amount was left, and nothing was refunded.
was-amount = { $gateway } doesn’t refund this amount, and nothing was refunded.
was-expired = { $gateway } couldn’t be asked for 24 hours, and nothing was refunded. Request it again if it’s still wanted.

# Above the page of the payment
now-confirmed = { $gateway } confirmed the refund of { $amount } as { $id }. The payment changes when its event arrives.
now-unknown = The outcome of the refund of { $amount } isn’t known yet. KS Pay keeps asking { $gateway } and refunds only once.
now-sending = The refund of { $amount } is already being sent.
now-rejected = The refund of { $amount } was not made. See Refunds requested here.
form-used = This form was already used for a refund of { $amount }, and nothing else was refunded. Choose Refund to request another.

# On the page of a payment
add-keys = To refund payments here, { $link }.
    .link = add the API keys of { $gateway }
