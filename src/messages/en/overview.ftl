# App Overview

title = App Overview
period = Period
numbers = Numbers and connections

# Today, under the title
today-so-far = { $count ->
    [one] Today so far: { $money } from { $count } payment.
   *[other] Today so far: { $money } from { $count } payments.
}
# The day before, in the app's time zone
yesterday = { $count ->
    [one] Yesterday, { $day }: { $money } from { $count } payment.
   *[other] Yesterday, { $day }: { $money } from { $count } payments.
}
nothing-yesterday = Yesterday, { $day }: no payments.
yesterdays-list = Yesterday’s transactions

# Figures
received-note = Received is what customers paid. When it reaches your bank account depends on the settlement schedule of the payment gateway.
received = { $days ->
    [1] Received, today
   *[other] Received, { $days } days
}
payments = { $count ->
    [one] { $count } payment
   *[other] { $count } payments
}
success-rate = { $days ->
    [1] Success rate, today
   *[other] Success rate, { $days } days
}
net = { $days ->
    [1] Net, today
   *[other] Net, { $days } days
}
net-note = After refunds and disputes, before fees
refunds = { $days ->
    [1] Refunds and disputes, today
   *[other] Refunds and disputes, { $days } days
}
refunds-note = Of the payments in this period

# Compared with the period before, without today, which is not over
more-than-before = Excluding today: { $percent } more than { $days }
less-than-before = Excluding today: { $percent } less than { $days }
same-as-before = Excluding today: same as { $days }
points-more = Excluding today: { $points } points more than { $days }
points-less = Excluding today: { $points } points less than { $days }
none-before = No payments { $days }
day-before = { $day }, whole day: { $money }

# What needs attention
needs-attention = Needs attention
set-up = Set up
set-up-named = Set up { $gateway }

# Connections
see-cause = See the cause
see-cause-of = See the cause of { $gateway }
view-webhook = View webhook
view-webhook-of = View webhook of { $gateway }
no-gateway = No gateway is connected in { $mode } mode.
add-gateway = Add a gateway

# Received per day
per-day = Received per day
per-day-note = { $currency }, before refunds
this-period = { $days }, today is partial
chart = { $days ->
    [1] A bar for today.
   *[other] Bars for { $days } days.
} Highest: { $most } on { $day }. Today so far: { $today }.
bar = { $day }: { $money }; { $earlier }: { $before }
bar-today = { $day }: { $money } so far; { $earlier }: { $before }
# The same in two lines that appear over the bar
bar-value = { $day }: { $money }
bar-value-today = { $day }: { $money } so far
as-table = Show as table
day = Day
received-column = Received
day-so-far = { $day } (so far)

# Outcomes and payment modes
outcomes = Payment outcomes
of-decided = { $days }, % of payments with an outcome
outcome = Outcome
share = Share
count = Payments
way-paid = Paid
way-refunded = Refunded
way-failed = Failed
way-returned = Returned, never captured
way-open = No outcome yet
by-payment-mode = By payment mode

# Why payments failed
why-failed = Why payments failed
reason = Reason
all-failed = Failed payments

# Recent transactions
recent = Recent transactions
all-transactions = All transactions
transaction-id = Transaction ID
when = When
what-happened = What happened
amount = Amount
