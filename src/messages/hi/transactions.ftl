title = लेन-देन का इतिहास
list = लेन-देन
download = CSV डाउनलोड करें
download-rows = { $count } लेन-देन की CSV डाउनलोड करें
transaction-id = लेन-देन ID
search-example = ID, रसीद या बैंक रेफ़रेंस
failure-reason = असफल होने की वजह
creation-date = शुरू होने की तारीख
last-update = आखिरी बदलाव
currency = करेंसी
amount = राशि

what-happened = क्या हुआ
oldest-first = { $gateway } का समय, सबसे पुराने पहले
first-events = { $count ->
    [one] यहाँ सिर्फ़ पहला इवेंट दिखाया गया है। बाकी इवेंट की सूची में हैं।
   *[other] यहाँ सिर्फ़ पहले { $count } इवेंट दिखाए गए हैं। बाकी इवेंट की सूची में हैं।
}
unknown-type = अनजान प्रकार
new-status = नई स्थिति:
overruled = भुगतान पहले ही सफल हो चुका था। इस जानकारी से कुछ नहीं बदलता।
whole-event = इवेंट खोलें
last-event = { $name }, { $time }, { $size }
payment = भुगतान
not-reported = अभी जानकारी नहीं आई
refunded = रिफ़ंड हुआ
refund-pending = रिफ़ंड बाकी
lost = विवाद में गए
deducted = विवाद के लिए कटे
net = बची राशि (फ़ीस घटाए बिना)
net-after-fees = बची राशि
fee = { $gateway } की फ़ीस
tax-on-fee = फ़ीस पर टैक्स
disputes = विवाद
only-some-disputes = यहाँ सिर्फ़ { $count } विवाद दिखाए गए हैं। बाकी इस भुगतान के इवेंट में हैं।
other-payments = इस ऑर्डर के दूसरे भुगतान
only-some-payments = यहाँ सिर्फ़ { $count } भुगतान दिखाए गए हैं। सभी देखने के लिए लेन-देन के इतिहास में ऑर्डर की ID खोजें।
details = ब्योरा
open-in = { $gateway } में खोलें

customer = ग्राहक
email = ईमेल
phone = फ़ोन
upi-id = UPI ID
card = कार्ड
card-number = { $network } •• { $last }
card-type = कार्ड का प्रकार
debit = डेबिट
credit = क्रेडिट
prepaid = प्रीपेड
bank = बैंक
wallet = वॉलेट
notes = नोट
payment-id = भुगतान ID
order-id = ऑर्डर ID
receipt = रसीद
bank-reference = बैंक रेफ़रेंस
refund-reference = रिफ़ंड का बैंक रेफ़रेंस
