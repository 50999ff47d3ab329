# Search, as a page and in a dialog.

label = Search apps, pages and IDs
placeholder = App, page, or an ID
# Shown in the dialog alone.
keys = Arrow keys move through the results, Enter opens one, Esc closes.
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
nothing = Nothing matches “{ $text }”. Enter the name of an app or a page, or the ID of a payment, order, refund, dispute, event or rejection, or at least its first 6 characters.
too-many = Too many searches. Try again in { $wait }.
