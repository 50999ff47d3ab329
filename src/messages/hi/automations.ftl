# Automations: messages that are sent when a payment changes.

title = ऑटोमेशन
show-title = ऑटोमेशन
intro = भुगतान कैप्चर या असफल होने पर, उसका रिफ़ंड होने पर, उस पर विवाद खुलने पर या किसी ऑर्डर का भुगतान दो बार होने पर ग्राहक, यूज़र या चैनल को अपना संदेश भेजें। वेबहुक के असफल होने या विवाद का जवाब देने की सूचना अलर्ट देते हैं। Live और Test के ऑटोमेशन अलग-अलग हैं।
new = नया ऑटोमेशन
edit-title = ऑटोमेशन बदलें
list = ऑटोमेशन
nothing = अभी कोई ऑटोमेशन नहीं
nothing-text = नीचे दिए टेम्पलेट से शुरू करें या अपना ऑटोमेशन बनाएँ।
templates = टेम्पलेट से शुरू करें
on = चालू
off = बंद
turn-on = चालू करें
turn-off = बंद करें
edit = बदलें
remove = ऑटोमेशन मिटाएँ
last-run = पिछली बार { $time } चला
never-run = अभी तक नहीं चला
sends-to = संदेश पाने वाले: { $recipients }
list-and = { $a }, { $b }
email-missing = ईमेल सेट नहीं है, इसलिए कोई ईमेल नहीं भेजा जाता। { $link }
    .link = इसे कैसे सेट करें
test-note = Test मोड में ग्राहकों को कुछ नहीं भेजा जाता। उनकी जगह ईमेल उस यूज़र को मिलते हैं जिसने ऑटोमेशन को आखिरी बार बदला।
too-many = एक ऐप के हर मोड में ज़्यादा से ज़्यादा { $max } ऑटोमेशन हो सकते हैं। नया जोड़ने से पहले कोई एक मिटाएँ।

# The sentence of a rule.
when = जब { $change }
and = { $a } और { $b }
captured = कोई भुगतान कैप्चर हो
fails = कोई भुगतान असफल हो
refunded = कोई रिफ़ंड पूरा हो
disputed = कोई विवाद खुले
paid-twice-change = किसी ऑर्डर का भुगतान दो बार हो
is-over = राशि { $amount } से ज़्यादा हो
is-at-most = राशि ज़्यादा से ज़्यादा { $amount } हो
is-by = भुगतान का तरीका { $method } हो
is-at = गेटवे { $gateway } हो
customer = ग्राहक
user = { $name } (ईमेल)
channel = { $name } ({ $service })
gone = हटाया गया यूज़र या चैनल

# Templates
confirmation = ऑर्डर की पुष्टि
confirmation-note = भुगतान कैप्चर होने पर ग्राहक को ईमेल भेजें।
refund = रिफ़ंड की पुष्टि
refund-note = रिफ़ंड पूरा होने पर ग्राहक को ईमेल भेजें।
failed = असफल भुगतान
failed-note = भुगतान असफल होने पर उसकी वजह और भुगतान की आईडी के साथ खुद को ईमेल भेजें।
dispute = विवाद खुला
dispute-note = विवाद खुलने पर उसकी आखिरी तारीख के साथ खुद को ईमेल भेजें।
paid-twice = ऑर्डर का भुगतान दो बार हुआ
paid-twice-note = जब किसी ऑर्डर के भुगतान उसकी राशि से ज़्यादा हो जाएँ, तो खुद को ईमेल भेजें, ताकि आप एक का रिफ़ंड कर सकें।
hello = नमस्ते,
payment-line = भुगतान: { $id }
order-line = ऑर्डर: { $id }
reason-line = वजह: { $reason }
deadline-line = जवाब देने की आखिरी तारीख: { $time }
confirmation-subject = हमें आपका { $amount } का भुगतान मिल गया
confirmation-text = धन्यवाद। हमें { $time } पर { $method } से आपका { $amount } का भुगतान मिला।
refund-subject = आपका { $amount } का रिफ़ंड
refund-text = हमने { $time } पर { $amount } का रिफ़ंड किया। पैसे आपके खाते में आने में कुछ दिन लग सकते हैं।
failed-subject = { $amount } का भुगतान असफल रहा
failed-text = { $time } पर { $method } से { $amount } का भुगतान असफल रहा।
dispute-subject = { $amount } का विवाद खुला
dispute-text = { $time } पर { $amount } का विवाद खुला।
receipt-line = रसीद: { $receipt }
paid-twice-subject = एक ऑर्डर का भुगतान दो बार हुआ: { $paid } मिले
paid-twice-text = { $amount } के एक ऑर्डर का भुगतान एक से ज़्यादा बार हुआ। हमें { $count } भुगतानों में { $paid } मिले।
paid-twice-advice = ऑर्डर की जाँच करें और जो राशि दोबारा मिली, उसका रिफ़ंड करें। सबसे नया भुगतान:

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
currency = करेंसी
any-method = भुगतान का तरीका कोई भी हो
any-gateway = गेटवे कोई भी हो
message = संदेश
english = अंग्रेज़ी
hindi = हिन्दी
hindi-optional = हिन्दी (ज़रूरी नहीं)
subject = विषय
body = टेक्स्ट
customer-language = ग्राहकों के लिए भाषा
customer-language-hint = KS Pay को ग्राहक की भाषा नहीं पता, इसलिए सभी ग्राहकों को इसी भाषा में संदेश मिलता है। यूज़र और चैनल को संदेश उनकी अपनी भाषा में मिलता है, अगर आपने उसे उस भाषा में लिखा हो।
markup = ईमेल में **मोटे अक्षर**, सूची (- से शुरू होने वाली पंक्तियाँ) और लिंक रख सकते हैं: [टेक्स्ट](https://…)। वेरिएबल की जगह भुगतान की जानकारी आती है।
variables = वेरिएबल
variables-of = सिर्फ़ जब { $change }
variable-note = भुगतान के इस नाम वाले नोट का मान, जो आपकी वेबसाइट जोड़ती है; न हो तो –
save = सहेजें
save-on = सहेजें और चालू करें
preview = झलक देखें
test = मुझे टेस्ट भेजें
cancel = रद्द करें
preview-title = झलक
letter-from = भेजने वाला
letter-to = पाने वाला
letter-instead = ग्राहक की जगह आप
letter-sender = { $name } · जवाब { $address } पर जाते हैं
preview-example = पिछले 7 दिनों का कोई भुगतान इस नियम से मेल नहीं खाता, इसलिए यह एक उदाहरण है।
preview-payment = इस नियम से मेल खाने वाले सबसे नए भुगतान के साथ दिखाया गया।
would-run = { $count ->
    [0] पिछले 7 दिनों में यह ऑटोमेशन एक बार भी नहीं चला होता।
    [one] पिछले 7 दिनों में यह ऑटोमेशन { $count } भुगतान के लिए चला होता।
   *[other] पिछले 7 दिनों में यह ऑटोमेशन { $count } भुगतानों के लिए चला होता।
}
would-not = { $count ->
    [one] { $count } दूसरा भुगतान शर्तें पूरी नहीं करता था।
   *[other] { $count } दूसरे भुगतान शर्तें पूरी नहीं करते थे।
}
examined = सिर्फ़ सबसे नए { $count } भुगतान जाँचे गए।
test-sent = टेस्ट { $email } पर भेजा जा रहा है।
test-no-email = टेस्ट भेजने के लिए ईमेल सेट करें।
added = ऑटोमेशन जोड़ा गया
added-on = ऑटोमेशन जोड़ा गया और चालू हो गया
saved = ऑटोमेशन सहेजा गया
now-on = ऑटोमेशन चालू हो गया। यह अब से होने वाले बदलावों पर चलेगा।
now-off = ऑटोमेशन बंद हो गया
removed = ऑटोमेशन मिटाया गया

# Errors
enter-amount = राशि भरें, जैसे 500 या 1,299.50।
enter-currency = करेंसी का तीन अक्षर वाला कोड भरें, जैसे INR।
unknown-choice = सूची में से कोई एक चुनें।
no-text-in-language = ग्राहकों को संदेश इसी भाषा में मिलता है। इस भाषा में संदेश लिखें या दूसरी भाषा चुनें।
choose-recipient = चुनें कि संदेश किसे भेजना है।
unknown-recipient = चुना हुआ यूज़र या चैनल अब नहीं है। फिर से चुनें।
too-many-recipients = ज़्यादा से ज़्यादा { $max } पाने वाले चुनें।
enter-text = यहाँ टेक्स्ट भरें।
text-too-long = ज़्यादा से ज़्यादा { $max } अक्षर भरें।
unknown-variable = { $name } इस बदलाव में नहीं मिलता। नीचे दिए वेरिएबल में से कोई चुनें।
unclosed-variable = एक वेरिएबल के आखिर में दो कोष्ठक नहीं हैं। उसे नीचे वेरिएबल की सूची से कॉपी करें।
link-invalid = { $url } सही लिंक नहीं है। https:// से शुरू होने वाला पूरा URL भरें, जिसमें कोई वेरिएबल न हो।

# A rule and its runs
runs = चलने का इतिहास
runs-by-state = स्थिति के हिसाब से चलने का इतिहास
all = सभी
no-run = अभी तक नहीं चला।
no-run-text = ऑटोमेशन जिस भुगतान पर चलेगा, वह यहाँ दिखेगा।
no-run-of-state = इस स्थिति में कुछ नहीं है।
run-waiting = इंतज़ार में
run-sending = भेजा जा रहा है
run-done = भेजा गया
run-failed = असफल
run-skipped = छोड़ा गया
run = चलाएँ
run-again = फिर से चलाएँ
run-again-title = इसे फिर से चलाएँ?
run-again-effect = जिन्हें संदेश मिल चुका है, उन्हें वह दोबारा मिलेगा।
run-first-title = इसे अभी चलाएँ?
run-first-effect = संदेश ऑटोमेशन के पाने वालों को भेजा जाएगा।
run-title = चलने का ब्योरा
run-of = { $amount }
run-of-unknown = भुगतान
see-transaction = भुगतान देखें
occurred = भुगतान में बदलाव हुआ, { $time }
requested = { $name } ने चलाया
steps = संदेश
no-step = अभी कोई संदेश नहीं।
now-requested = ऑटोमेशन चलना शुरू हो गया
not-ended = ऑटोमेशन अभी चल रहा है। खत्म होने पर फिर कोशिश करें।
too-many-executions = इसे { $max } बार चलाया जा चुका है। इससे ज़्यादा बार नहीं चला सकते।
more-than = { $count } या ज़्यादा
skipped-recovered = इवेंट अस्वीकृत अनुरोध से वापस लाया गया था, इसलिए कुछ नहीं भेजा गया। संदेश फिर भी भेजने के लिए इसे चलाएँ।
skipped-too-old = भुगतान में बदलाव 24 घंटे से ज़्यादा पहले हुआ था, इसलिए कुछ नहीं भेजा गया। संदेश फिर भी भेजने के लिए इसे चलाएँ।
skipped-before-on = भुगतान में बदलाव ऑटोमेशन चालू होने से पहले हुआ था, इसलिए कुछ नहीं भेजा गया। संदेश फिर भी भेजने के लिए इसे चलाएँ।
skipped-turned-off = इसके चलने से पहले ऑटोमेशन बंद कर दिया गया।
skipped-no-address = भुगतान में ग्राहक का ईमेल पता नहीं है।
skipped-daily-limit = इस ऑटोमेशन से एक ग्राहक को 24 घंटे में भेजे जाने वाले ईमेल की सीमा पूरी हो चुकी है।
skipped-hourly-limit = पिछले एक घंटे में इस ऑटोमेशन ने बहुत संदेश भेजे, इसलिए यह नहीं भेजा गया। संदेश फिर भी भेजने के लिए इसे चलाएँ।
skipped-no-email = ईमेल सेट नहीं है।
skipped-recipient-gone = यह यूज़र या चैनल अब नहीं है।
remove-title = यह ऑटोमेशन मिटाएँ?
remove-effect = यह भुगतानों पर चलना बंद कर देगा और इसके चलने का इतिहास नहीं दिखेगा। जो संदेश भेजे जाने बाकी हैं, वे फिर भी भेजे जाएँगे। इसे पहले जैसा नहीं किया जा सकता।
remove-keep = ऑटोमेशन रखें

# The parts of a message that users do not write.
see-payment = भुगतान देखें
footer-customer = { $app } की ओर से। उनसे संपर्क के लिए इस ईमेल का जवाब दें।
footer-company = { $app } के { $mode } मोड के एक ऑटोमेशन ने भेजा।
instead-of-customer = यह टेस्ट भुगतान है, इसलिए यह ईमेल ग्राहक के बजाय आपको भेजा गया।
test-subject = टेस्ट: { $subject }
test-intro = यह टेस्ट आपने KS Pay से भेजा है। यह किसी और को नहीं मिला।
