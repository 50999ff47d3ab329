# App Overview

title = App Overview
period = Period
numbers = Numbers and connections

# Figures
received-today = Received today
payments-so-far = { $count ->
    [one] { $count } payment so far
   *[other] { $count } payments so far
}
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
refunds = { $days ->
    [1] Refunds, today
   *[other] Refunds, { $days } days
}
refunds-note = of the payments in this period

# Connections
see-cause = See the cause
see-cause-of = See the cause of { $gateway }
view-webhook = View webhook
view-webhook-of = View webhook of { $gateway }
no-gateway = No gateway is connected in { $mode } mode.
add-gateway = Add a gateway

# Received per day
per-day = Received per day
per-day-note = { $currency }, before refunds. Today is partial.
chart = { $days ->
    [1] A bar for today.
   *[other] Bars for { $days } days.
} Highest: { $most } on { $day }. Today so far: { $today }.
bar = { $day }: { $money }
bar-today = { $day }: { $money } so far
as-table = Show as table
day = Day
received-column = Received
day-so-far = { $day } (so far)

# Outcomes and payment modes
outcomes = Payment outcomes
of-decided = % of payments with an outcome
way-paid = Paid
way-refunded = Refunded
way-failed = Failed
way-returned = Returned, never captured
way-open = No outcome yet
by-payment-mode = By payment mode

# Recent transactions
recent = Recent transactions
all-transactions = All transactions
transaction-id = Transaction ID
when = When
what-happened = What happened
amount = Amount
status = Status
