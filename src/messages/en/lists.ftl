# Lists: filters, sums, empty lists, and links to other pages of a list.

# Filters
search = Search
filters = Filters
# A filter with its value
filter-set = { $filter }: { $chosen }
    .chosen = { $value }
clear = Clear
remove-filter = Remove filter: { $filter }
date = Date
status = Status
payment-mode = Payment Mode
payment-gateway = Payment Gateway
yesterday = Yesterday
last-days = Last { $count } days
this-month = This month
last-month = Last month
this-quarter = This quarter
this-financial-year = This financial year
apply = Apply
any = Any
from = From
to = To
pages = Pages
# What a printed page of a longer list has
printed-first = The first { $count } of { $total } rows, newest first
printed-part = { $count } rows of a longer list, newest first
whole-id = Enter a complete ID, receipt or bank reference.
day-missing = Choose this day too, or clear both.
no-day = Choose a valid date.
wrong-order = The start date can’t be after the end date.
after-today = This day is in the future. Choose { $day } or earlier.
too-many-days = Choose at most { $days } days: start on { $day } or later.
whole-type = Enter an event type or the beginning of one, for example payment.captured or refund.
no-range = Choose a period from the list, or enter two dates.
swap-dates = Swap the dates
no-method = Choose a payment mode from the list.
no-gateway = Choose a gateway from the list.
no-reason = Choose a reason from the list.
no-status = Choose a status from the list.
no-search = Enter at most 200 characters, without invisible ones.

invalid-filter = Invalid filter
clear-all-filters = Clear all filters
invalid-period = Invalid period
invalid-period-advice = Choose a period above.
show-default-period = Show the default period

# A search of the newest part of a list
found-among = { $count ->
    [one] { $count } match among the { $searched } searched, newest first
   *[other] { $count } matches among the { $searched } searched, newest first
}
no-match-yet = No match yet
no-match-yet-advice = { $searched } rows of the list were searched, and none match. Continue the search to check the rest.
end-of-search = Nothing older matches
end-of-search-advice = The search has reached the end of the list.
back-to-start = Back to the start of the list

# Sums. Amounts in several currencies are not added up.
payments = { $count ->
    [one] { $count } payment
   *[other] { $count } payments
}
# How many payments of a day were paid, and how much was received
day-sum = { $count } paid, { $received }
more-payments = More than { $count } payments; the newest { $count } are shown
paid = { $count } paid
received = { $amount } received
refunded = { $amount } refunded
refund-pending = { $amount } refund pending
lost = { $amount } lost in disputes
deducted = { $amount } deducted for disputes
failed-of = { $failed } of { $all } failed
failed-and-returned-of = { $failed } failed, { $returned } returned, of { $all }

# Periods of an overview
today = Today
days = { $count } days

# Empty lists
webhook-step = Open the Webhook step
add-gateway = Add a gateway in { $mode } mode
nothing-matches = Nothing matches
no-transaction-yet = No transactions yet
no-transaction-yet-test = Transactions appear here when the gateway reports the first payment. Connect the webhook, then make a test payment.
no-transaction-yet-live = Transactions appear here when the gateway reports the first real payment. Connect the webhook of Live mode first.
not-in-mode = No payment in { $mode } mode has the ID, receipt or bank reference { $name }. There is one in { $other } mode.
show-in-mode = Show it in { $mode } mode
nowhere = No payment in { $mode } mode has the ID, receipt or bank reference { $name }. Enter it in full; IDs are case-sensitive. It may belong to another app. Email addresses, phone numbers and amounts can’t be searched.
clear-search = Clear the search
none-with-status = No transaction from { $days } has the status “{ $status }”.
show-every-status = Show every status
none-of-kinds = No transaction from { $days } matches these filters.
show-all-of-days = Show all from this period
none-in-days = No transaction from { $days }. The newest is from { $newest }.
show-days = Show { $days }
none-in-days-but-later = No transaction from { $days }. The newest transaction is dated in the future: this server’s clock or the gateway’s is or was wrong.
show-newest = Show the newest transaction
none-in-period = No transaction in this period
none-in-period-newest = The period is { $period }. The newest transaction is from { $newest }.
none-in-period-but-later = The period is { $period }. The newest transaction is dated in the future: this server’s clock or the gateway’s is or was wrong.
all-transactions = All transactions
settlement-found = This is the reference of a settlement
settlement-found-on = The settlement is from { $day }: { $event }.
settlement-found-in-future = The time of the settlement is in the future: { $event }.
show-settlement = Show the settlement
