# Refunds that automations start: the list, the settings, and the page that confirms one.

title = Automatic refunds
intro = Refunds that your automations start. Before each one, KS Pay asks the payment gateway what can be refunded.
waiting = { $count ->
    [one] { $count } refund waits for your confirmation.
   *[other] { $count } refunds wait for your confirmation.
}
waiting-many = More than { $count } refunds wait for your confirmation.
stopped-headline = Automatic refunds are stopped
stopped = Automations refund nothing until an owner starts automatic refunds again.
to-confirm = Waiting for confirmation
nothing-to-confirm = No refund waits for confirmation.
recent = Recent
none = No automatic refunds yet.
none-text = They are listed here once an automation that refunds has run.
add-automation = Add an automation that refunds
review = Review
review-of = Review the refund of { $amount }
amount-open = Amount to be decided
payment = Payment { $id }
order = Order { $id }
expires = Expires { $time } ({ $left } left)
decided-by = { $name }, { $time }

# The state of a refund
state-due = Checking
state-to-confirm = To confirm
state-requested = In progress
state-done = Refunded
state-failed = Not refunded
state-skipped = Skipped
is-due = KS Pay asks { $gateway } what can be refunded. This can take a few minutes.
is-requested = KS Pay has requested the refund. Its outcome is on the payment’s page.
is-done = { $gateway } confirmed the refund.
is-failed = { $gateway } didn’t make the refund. The reason is on the payment’s page.

# Why a user is asked
ask-confirmation = A user confirms each automatic refund of this app.
ask-above-limit = The amount is higher than what this app refunds without confirmation.
ask-order-amount-unknown = { $gateway } doesn’t report the amount of the order, so KS Pay can’t tell what was paid twice. Check the order, and refund on the payment’s page if needed.
ask-payment-unknown = The payment to refund isn’t known here, because none of its events has arrived. Check the order in { $gateway }, and refund the payment there if needed.
ask-paid-in-parts = The payments of the order exceed its amount, but it may have been paid in parts. Check the order, and refund on the payment’s page if needed.
ask-disputed = A payment is disputed, or a dispute was lost. If you refund it as well, the customer may receive the money twice. Check the dispute, and refund on the payment’s page if needed.
ask-daily-limit = The limit for the day was reached.

# Why nothing was refunded
why-expired = It wasn’t confirmed within 7 days, so nothing was refunded.
why-declined = { $name } decided not to refund it.
why-declined-unknown = A user decided not to refund it.
why-stopped = Automatic refunds were stopped, so nothing was refunded.
why-already-refunded = The payment has already had an automatic refund, so nothing else was refunded.
why-not-paid-twice = The order’s payments don’t exceed its amount, so nothing was refunded.
why-paid-in-parts = The payments look like parts of one order with fees, not like an order paid twice, so nothing was refunded.
why-not-captured = { $gateway } reports that the payment isn’t captured, so nothing was refunded.
why-fully-refunded = { $gateway } reports that the payment was refunded in full, so nothing else was refunded.
why-amount-invalid = { $gateway } doesn’t refund this amount, so nothing was refunded.
why-no-keys = The API keys of { $gateway } are missing or can’t be read, so nothing was refunded.
why-keys-rejected = { $gateway } rejected the API keys, so nothing was refunded.
why-gateway-rejected = { $gateway } rejected the request for the payment or its order, so nothing was refunded.
why-unreachable = { $gateway } couldn’t be asked for 24 hours, so nothing was refunded.
why-unsupported = Payments of { $gateway } can’t be refunded by KS Pay, so nothing was refunded.

# In the rule’s form: who confirms
by-user = A user confirms each refund before it’s made.
by-user-above = Refunds up to { $amount } are made without confirmation. A user confirms the others.
by-none-now = Automatic refunds are stopped at present, so nothing is refunded.

# The page that confirms one
confirm-title = Automatic refund
proposed = Proposed refund
order-amount = Amount of the order
order-captured = Received for the order, less refunds
from-payment = Refund from payment
confirm = Refund { $amount }
decline = Don’t refund
decline-person = Close without a refund
open-refund = Refund on the payment’s page
see-list = See automatic refunds
proposed-by = Automation
automation-gone = A deleted automation
changed-headline = The amount has changed
changed = { $gateway } now reports other amounts. Nothing was refunded: check the new amount, then confirm again.
nothing-headline = There is nothing to refund now
limit-headline = The limit for the day is reached
limit = Nothing was refunded. Confirm it tomorrow, raise the limit, or refund it on the payment’s page.
stopped-confirm = Nothing was refunded. An owner can start automatic refunds again on the page of automatic refunds.
not-open = This refund was already decided, and nothing else was refunded.
now-declined = This refund won’t be made.

# Settings
settings = Settings
stop-title = Stop and start
stop-note = Stopping takes effect now: automations refund nothing, and refunds that wait can’t be confirmed. Refunds that were already sent to the gateway aren’t affected.
stop = Stop automatic refunds
start = Start automatic refunds
start-hint = Automations can refund money again, so KS Pay asks for your password.
now-stopped = Automatic refunds stopped
now-started = Automatic refunds started
confirmation = Who confirms
each = A user confirms each refund
up-to = Refund without confirmation up to an amount
max-unconfirmed = Largest amount without confirmation
daily-count = Refunds a day
daily-amount = Total a day
in-currency = { $label } in { $currency }
daily-hint = The day is that of { $zone }. Confirmed refunds count too. Once a limit is reached, refunds wait for confirmation.
currency = Currency of the limits
currency-hint = Refunds in another currency always wait for confirmation.
limits-hint = Needed to raise a limit, to refund without confirmation, or to change the currency.
save = Save settings
saved = Settings saved
owners-only = Only owners can change these settings.
enter-count = Enter a number from 1 to { $max }. To refund nothing, stop automatic refunds.
enter-amount = Enter an amount such as { $example }.
above-daily = Enter at most the total a day, { $amount }.
unknown-currency = Choose a currency from the list.
unknown-choice = Choose one of the two.
