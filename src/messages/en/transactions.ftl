# Transaction History and the page of a transaction.

title = Transaction History
list = Transactions
download = Download CSV
download-rows = { $count ->
    [one] Download { $count } row as CSV
   *[other] Download { $count } rows as CSV
}
transaction-id = Transaction ID
search-example = ID, receipt or bank reference
failure-reason = Failure reason
creation-date = Creation Date
last-update = Last Update
currency = Currency
amount = Amount

# The page of a transaction
what-happened = What happened
oldest-first = { $gateway } time, oldest first
first-events = { $count ->
    [one] Only the first event is shown here. The others are in the list of events.
   *[other] Only the first { $count } events are shown here. The others are in the list of events.
}
unknown-type = unknown type
new-status = New status:
overruled = The payment had already succeeded. This report changes nothing.
whole-event = Open the event
last-event = { $name }, { $time }, { $size }
payment = Payment
not-reported = Not reported yet
refunded = Refunded
refund-pending = Refund pending
lost = Lost in a dispute
deducted = Deducted for a dispute
net = Net before fees
net-after-fees = Net
fee = { $gateway } fee
tax-on-fee = Tax on the fee
disputes = Disputes
only-some-disputes = Only { $count } disputes are listed here. The others are in this payment’s events.
other-payments = Other payments of this order
only-some-payments = Only { $count } payments are listed here. To see all, search Transaction History for the order’s ID.
details = Details
open-in = Open in { $gateway }

# Who paid, and how
customer = Customer
email = Email
phone = Phone
upi-id = UPI ID
card = Card
card-number = { $network } •• { $last }
card-type = Card type
debit = Debit
credit = Credit
prepaid = Prepaid
bank = Bank
wallet = Wallet
notes = Notes
payment-id = Payment ID
order-id = Order ID
receipt = Receipt
refund-receipt = Refund receipt
bank-reference = Bank reference
refund-reference = Bank reference of the refund
