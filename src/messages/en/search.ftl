# Search, as a page and in a dialog.

label = Search apps, pages and IDs
placeholder = App, page, or an ID
# Shown in the dialog alone.
keys = Use the arrow keys to choose a result, Enter to open it, and Esc to close the search.
apps = Apps
pages = Go to
payment = { $payment } { $id }
rejection = Rejection { $id }
# Where a result belongs.
of-app = { $app }, { $mode }
count = { $count ->
    [one] { $count } result
   *[other] { $count } results
}
nothing = Nothing matches “{ $text }”. Enter the name of an app or page, or the ID of a payment, order, refund, dispute, event or rejection. Of the IDs of payments and orders, the first 6 characters are enough. Email addresses, phone numbers and amounts can’t be searched.
too-many = Too many searches. Wait { $wait }, then search again.
