# Automations: messages that are sent when a payment changes.

title = ऑटोमेशन
show-title = ऑटोमेशन
intro = भुगतान में बदलाव होने पर संदेश भेजें: ग्राहक को, यूज़र को या किसी चैनल पर। लाइव और टेस्ट के ऑटोमेशन अलग हैं।
new = नया ऑटोमेशन
edit-title = ऑटोमेशन बदलें
list = ऑटोमेशन
nothing = अभी कोई ऑटोमेशन नहीं
nothing-text = नीचे दिए टेम्पलेट से शुरू करें या अपना लिखें।
templates = टेम्पलेट से शुरू करें
on = चालू
off = बंद
turn-on = चालू करें
turn-off = बंद करें
edit = बदलें
remove = मिटाएँ
last-run = पिछली बार { $time } चला
never-run = अभी तक नहीं चला
sends-to = संदेश पाने वाले: { $recipients }
list-and = { $a }, { $b }
email-missing = ईमेल सेट नहीं है, इसलिए कोई ईमेल नहीं भेजा जाता। { $link }
    .link = इसे कैसे सेट करें
test-note = टेस्ट मोड में ग्राहकों को कुछ नहीं भेजा जाता। उनके ईमेल उस यूज़र को मिलते हैं जिसने ऑटोमेशन को पिछली बार बदला।
too-many = एक ऐप में हर मोड के { $max } ऑटोमेशन हो सकते हैं। नया जोड़ने के लिए कोई एक मिटाएँ।

# The sentence of a rule.
when = जब { $change }
and = { $a }, और { $b }
captured = कोई भुगतान कैप्चर होता है
fails = कोई भुगतान विफल होता है
refunded = कोई रिफ़ंड पूरा होता है
disputed = कोई विवाद खुलता है
is-over = राशि { $amount } से ज़्यादा है
is-at-most = राशि ज़्यादा से ज़्यादा { $amount } है
is-by = भुगतान का तरीका { $method } है
is-at = गेटवे { $gateway } है
customer = ग्राहक
user = { $name } (ईमेल)
channel = { $name } ({ $service })
gone = हटाया गया पाने वाला

# Templates
confirmation = ऑर्डर की पुष्टि
confirmation-note = भुगतान कैप्चर होने पर ग्राहक को ईमेल भेजें।
refund = रिफ़ंड की पुष्टि
refund-note = रिफ़ंड पूरा होने पर ग्राहक को ईमेल भेजें।
failed = विफल भुगतान
failed-note = भुगतान विफल होने पर ख़ुद को ईमेल भेजें, ताकि आप ग्राहक को फ़ोन कर सकें।
dispute = विवाद खुला
dispute-note = विवाद खुलने पर समय सीमा के साथ ख़ुद को ईमेल भेजें।
hello = नमस्ते,
payment-line = भुगतान: { $id }
order-line = ऑर्डर: { $id }
reason-line = कारण: { $reason }
deadline-line = जवाब की समय सीमा: { $time }
confirmation-subject = हमें आपका { $amount } का भुगतान मिल गया
confirmation-text = धन्यवाद। हमें { $time } को { $method } से आपका { $amount } का भुगतान मिला।
refund-subject = आपका { $amount } का रिफ़ंड
refund-text = हमने { $time } को { $amount } का रिफ़ंड किया। बैंक में दिखने में कुछ दिन लग सकते हैं।
failed-subject = { $amount } का भुगतान विफल हुआ
failed-text = { $time } को { $method } से { $amount } का भुगतान विफल हुआ।
dispute-subject = { $amount } का विवाद खुला
dispute-text = { $time } को { $amount } का विवाद खुला।

# The editor
rule = नियम
rule-when = जब
rule-and = और
rule-send = तो संदेश इन्हें भेजें
change-label = बदलाव
comparison-label = राशि की शर्त
method-label = भुगतान के तरीके की शर्त
gateway-label = गेटवे की शर्त
any-amount = राशि कोई भी हो
over = राशि इससे ज़्यादा हो
at-most = राशि ज़्यादा से ज़्यादा इतनी हो
amount = राशि
currency = मुद्रा
any-method = भुगतान का तरीका कोई भी हो
any-gateway = गेटवे कोई भी हो
message = संदेश
english = अंग्रेज़ी
hindi = हिन्दी
hindi-optional = हिन्दी (वैकल्पिक)
subject = विषय
body = संदेश
customer-language = ग्राहकों को भेजे जाने वाले संदेश की भाषा
customer-language-hint = यूज़र और चैनल को संदेश उनकी अपनी भाषा में मिलता है, अगर वह लिखा गया हो।
markup = ईमेल में **मोटा**, - से शुरू होने वाली पंक्तियाँ और [शब्द](https://…) फ़ॉर्मेट होते हैं। वेरिएबल की जगह भुगतान की जानकारी आती है।
variables = वेरिएबल
variables-of = सिर्फ़ जब { $change }
variable-note = भुगतान का एक नोट
save = सहेजें
save-on = सहेजें और चालू करें
preview = झलक देखें
test = मुझे टेस्ट भेजें
cancel = रद्द करें
preview-title = झलक
letter-from = भेजने वाला
letter-to = पाने वाला
letter-sender = { $name } · जवाब { $address } पर जाते हैं
preview-example = पिछले 7 दिनों का कोई भुगतान अभी इस नियम में नहीं आता, इसलिए यह एक उदाहरण है।
preview-payment = इस नियम में आने वाले सबसे नए भुगतान के साथ।
would-run = { $count ->
    [0] पिछले 7 दिनों में यह नहीं चलता।
    [one] पिछले 7 दिनों में यह { $count } भुगतान के लिए चलता।
   *[other] पिछले 7 दिनों में यह { $count } भुगतानों के लिए चलता।
}
would-not = { $count ->
    [one] { $count } और भुगतान शर्तें पूरी नहीं करता।
   *[other] { $count } और भुगतान शर्तें पूरी नहीं करते।
}
examined = सिर्फ़ सबसे नए { $count } भुगतान गिने गए।
test-sent = टेस्ट आपके ईमेल पते पर भेजा जा रहा है।
test-no-email = टेस्ट भेजने के लिए ईमेल सेट करें।
added = ऑटोमेशन जोड़ा गया
added-on = ऑटोमेशन जोड़ा गया और चालू है
saved = ऑटोमेशन सहेजा गया
now-on = ऑटोमेशन चालू है। यह अब से होने वाले भुगतानों पर चलेगा।
now-off = ऑटोमेशन बंद है
removed = ऑटोमेशन मिटाया गया

# Errors
enter-amount = राशि भरें, जैसे 500 या 1,299.50।
enter-currency = मुद्रा के तीन अक्षर भरें, जैसे INR।
unknown-choice = सूची में से एक चुनें।
choose-recipient = कम से कम एक पाने वाला चुनें।
unknown-recipient = कोई पाने वाला अब मौजूद नहीं है। दूसरा चुनें।
too-many-recipients = ज़्यादा से ज़्यादा { $max } पाने वाले चुनें।
enter-text = संदेश भरें।
text-too-long = ज़्यादा से ज़्यादा { $max } अक्षर लिखें।
unknown-variable = { $name } इस बदलाव का वेरिएबल नहीं है। नीचे वेरिएबल की सूची देखें।
unclosed-variable = एक वेरिएबल दो कोष्ठकों से शुरू होता है, पर ख़त्म नहीं होता। उसे दो कोष्ठकों से बंद करें।
link-invalid = { $url } का लिंक नहीं बन सकता। https:// से शुरू होने वाला पूरा पता बिना वेरिएबल के भरें।

# A rule and its runs
runs = रन
runs-by-state = स्थिति के अनुसार रन
all = सभी
no-run = अभी कोई रन नहीं
no-run-text = जिस भुगतान पर ऑटोमेशन चलता है, उसका रन यहाँ दिखता है।
no-run-of-state = इस स्थिति का कोई रन नहीं।
run-waiting = इंतज़ार में
run-sending = भेजा जा रहा है
run-done = भेजा गया
run-failed = नहीं भेजा गया
run-skipped = छोड़ा गया
run = चलाएँ
run-again = फिर चलाएँ
run-title = रन
run-of = { $amount } का भुगतान
run-of-unknown = भुगतान
see-transaction = भुगतान देखें
occurred = भुगतान { $time } बदला
requested = { $name } ने चलाया
steps = क्या किया गया
no-step = अभी कुछ नहीं।
now-requested = रन शुरू हो गया
not-ended = यह रन अभी ख़त्म नहीं हुआ। इसके ख़त्म होने तक रुकें।
more-than = { $count } या ज़्यादा
skipped-recovered = इवेंट अस्वीकृत अनुरोध से वापस लाया गया था, इसलिए कुछ नहीं भेजा गया। अगर संदेश अब भी भेजना है, तो इसे चलाएँ।
skipped-too-old = भुगतान 24 घंटे से पहले बदला था, इसलिए कुछ नहीं भेजा गया। अगर संदेश अब भी भेजना है, तो इसे चलाएँ।
skipped-before-on = भुगतान ऑटोमेशन चालू होने से पहले बदला था। अगर संदेश अब भी भेजना है, तो इसे चलाएँ।
skipped-turned-off = इस रन से पहले ऑटोमेशन बंद कर दिया गया।
skipped-no-address = भुगतान में ग्राहक का ईमेल पता नहीं है।
skipped-daily-limit = यह ऑटोमेशन एक ग्राहक को 24 घंटे में जितने ईमेल भेज सकता है, उतने भेज चुका है।
skipped-no-email = ईमेल सेट नहीं है।
skipped-recipient-gone = पाने वाला अब मौजूद नहीं है।
remove-title = यह ऑटोमेशन मिटाएँ?
remove-effect = यह भुगतानों पर नहीं चलेगा। जो संदेश भेजने के लिए तैयार हैं, वे फिर भी भेजे जाएँगे।
remove-keep = रहने दें

# What messages say besides the user's text.
see-payment = भुगतान देखें
footer-customer = { $app } की ओर से। उनसे संपर्क के लिए इस ईमेल का जवाब दें।
footer-company = { $app } के एक ऑटोमेशन की ओर से ({ $mode })।
instead-of-customer = यह टेस्ट भुगतान है, इसलिए यह ईमेल ग्राहक के बजाय आपको भेजा गया।
test-subject = टेस्ट: { $subject }
test-intro = यह टेस्ट आपने KS Pay से भेजा है। यह किसी और को नहीं मिला।
