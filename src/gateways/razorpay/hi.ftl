# Razorpay के डैशबोर्ड पर दिखने वाले नाम अंग्रेज़ी में ही रहते हैं।

name = Razorpay

webhook-heading = Razorpay वेबहुक
integration-heading = अपनी दुकान में भुगतान लें
next-step = अब नीचे दिया URL और सीक्रेट कॉपी करके Razorpay के डैशबोर्ड में डालें।
import-intro = Razorpay में पहले से वेबहुक है? उसका सीक्रेट यहाँ डालें और वहाँ सिर्फ़ उसका URL बदलें।
unreachable = Razorpay अभी इस URL तक नहीं पहुँच सकता। अपने सर्वर एडमिन से इसे ठीक करने को कहें:
url-allowed = यह URL Razorpay के नियमों के हिसाब से ठीक है।
waiting-test = अभी तक इस URL पर Razorpay से कोई अनुरोध नहीं आया। URL और सीक्रेट Razorpay में डालें, फिर एक टेस्ट भुगतान करें और उसे यहाँ आते देखें।
waiting-live = अभी तक इस URL पर Razorpay से कोई अनुरोध नहीं आया। URL और सीक्रेट Razorpay में डालें; अगला असली भुगतान यहाँ दिखेगा।
silent = अगर भुगतान हो रहे हैं, तो Razorpay के डैशबोर्ड में Webhooks के नीचे देखें कि यह वेबहुक अब भी चालू है और उसका URL सही है।
disabled = जब तक आप इसे दोबारा चालू नहीं करते, Razorpay को हर इवेंट पर 401 मिलेगा और वह 24 घंटे बाद वेबहुक बंद कर देगा। फिर आपको Razorpay के डैशबोर्ड में वेबहुक चालू करना होगा।

overlap-day = अगर आप नया सीक्रेट तुरंत पेस्ट करेंगे, तो इतना काफ़ी है: Razorpay 24 घंटे तक इवेंट दोबारा भेजता है, पहली बार वाले हस्ताक्षर के साथ।
overlap-days = अगर उसे पेस्ट करने में दो दिन तक लग सकते हैं।
overlap-week = अगर कोई और इस हफ़्ते Razorpay में बदलाव करेगा।
overlap-longest = अगर Razorpay का सपोर्ट पिछले 15 दिन के इवेंट दोबारा भेजे: उन पर उस समय के सीक्रेट का हस्ताक्षर होता है।
rotating-new = इस वेबहुक को तुरंत नया सीक्रेट मिलता है। फिर उसे मौजूदा सीक्रेट की जगह Razorpay में पेस्ट करें। कोई इवेंट नहीं खोएगा: तब तक दोनों मान्य रहते हैं।
rotating-overlap = Razorpay 24 घंटे तक हर अगली कोशिश पर पहली बार वाला हस्ताक्षर लगाता है, इसलिए मौजूदा सीक्रेट को कुछ समय मान्य रहना चाहिए। उसके डैशबोर्ड से दोबारा भेजे गए इवेंट पर नए सीक्रेट का हस्ताक्षर होता है।
after-rotation = Razorpay 24 घंटे तक हर अगली कोशिश पर पहली बार वाला हस्ताक्षर लगाता है; उसका सपोर्ट पिछले 15 दिन के इवेंट उस समय के सीक्रेट के हस्ताक्षर के साथ दोबारा भेज सकता है। उसके डैशबोर्ड से दोबारा भेजे गए इवेंट पर नए सीक्रेट का हस्ताक्षर होता है।
hand-over = नीचे “कॉपी करें” दबाएँ। Razorpay में वेबहुक खोलें, Edit दबाएँ, उसे Secret में पेस्ट करें और Save Webhook दबाएँ।
unreadable = जो अनुरोध किसी और सीक्रेट से मेल नहीं खाते, उन्हें 503 मिलता है और Razorpay उन्हें 24 घंटे तक दोबारा भेजता है। नया सीक्रेट बनाएँ और Razorpay में पेस्ट करें: उससे हस्ताक्षर किए इवेंट तुरंत सत्यापित होते हैं। फिर खराब सीक्रेट हटा दें। आपके सर्वर एडमिन को ks-pay doctor से पूरी जानकारी मिल सकती है।
new-secret = नया सीक्रेट बनाएँ और उसे Razorpay के डैशबोर्ड में पेस्ट करें।
after-rejections = Razorpay अस्वीकृत इवेंट को 24 घंटे तक दोबारा भेजता है और फिर वेबहुक बंद कर देता है।
where-it-is = Razorpay इसे दोबारा नहीं दिखाता: जहाँ आपने इसे सहेजा है वहाँ देखें, या उस दुकान की सेटिंग में जिसे अभी वेबहुक मिलता है।
is-url = यह वेबहुक का URL है। सीक्रेट वह है जो उसके नीचे Secret में लिखा है।
use-ours = इसके बजाय इस वेबहुक का सीक्रेट Razorpay में पेस्ट करें।
use-ours-and-new-keys = इस वेबहुक का सीक्रेट Razorpay में पेस्ट करें, और अगर दूसरों ने ये API keys देखी हों तो नई बनाएँ।
wrong-form = Razorpay के सीक्रेट का कोई तय रूप नहीं होता।

paste = इस वेबहुक का सीक्रेट कॉपी करें। Razorpay के डैशबोर्ड में वेबहुक खोलें, Edit दबाएँ, उसे Secret में पेस्ट करें और Save Webhook दबाएँ।
paste-new = अगर यह Razorpay ने भेजा है, तो यहाँ नया सीक्रेट बनाएँ और उसे कॉपी करें।
paste-new-then = फिर Razorpay के डैशबोर्ड में वेबहुक खोलें, Edit दबाएँ, नया सीक्रेट Secret में पेस्ट करें और Save Webhook दबाएँ।
unsigned = अगर यह Razorpay ने भेजा है, तो उसके वेबहुक का Secret खाली है।
unsigned-if-set = अगर वह पहले से भरा है, तो अपने सर्वर एडमिन या होस्टिंग कंपनी से कहें कि X-Razorpay-Signature हेडर आगे भेजा जाए।
malformed = अगर यह Razorpay ने भेजा है, तो X-Razorpay-Signature हेडर रास्ते में बदल गया।
malformed-then = अपने सर्वर एडमिन या होस्टिंग कंपनी से कहें कि उसे बिना बदले आगे भेजा जाए।
mismatch = अगर यह Razorpay ने भेजा है, तो उसके Secret में कुछ और लिखा है।
copy-again = इस वेबहुक का सीक्रेट फिर से, बिना स्पेस के, कॉपी करके Razorpay के डैशबोर्ड में वहीं पेस्ट करें।
compare = अगर सीक्रेट आपने खुद चुना है या कोई और प्रोग्राम भी उसे इस्तेमाल करता है, तो उसे इस वेबहुक के सीक्रेट से मिलाएँ। इस वेबहुक का सीक्रेट Razorpay के डैशबोर्ड में पेस्ट करें, या अपना सीक्रेट यहाँ डालें।
first-check = पहले Razorpay के डैशबोर्ड में, Test और Live दोनों मोड में, देखें कि यह URL किस वेबहुक में है: उसका URL या Secret में से एक गलत है।
change-url = Razorpay के डैशबोर्ड में वह वेबहुक खोलें, Edit दबाएँ, उसके URL की जगह दूसरे वेबहुक ({ $webhook }) का URL डालें, Secret वही रहने दें और Save Webhook दबाएँ।
look-up = जो उससे पुराने हैं, उनके भुगतान वहीं देखें।
replay = { $days ->
    [one] पिछले एक दिन के इवेंट Razorpay के डैशबोर्ड से दोबारा भेजें: उन पर मौजूदा सीक्रेट का हस्ताक्षर होता है।
   *[other] पिछले { $days } दिन के इवेंट Razorpay के डैशबोर्ड से दोबारा भेजें: उन पर मौजूदा सीक्रेट का हस्ताक्षर होता है।
}
keep-failing = Razorpay हर अगली कोशिश पर पहली बार वाला ही हस्ताक्षर लगाता है, इसलिए ठीक करने के बाद भी इन इवेंट की अगली कोशिशें असफल रहेंगी।
keep-failing-if-sent = अगर ये Razorpay ने भेजे हैं, तो वह हर अगली कोशिश पर पहली बार वाला ही हस्ताक्षर लगाता है, इसलिए ठीक करने के बाद भी इन इवेंट की अगली कोशिशें असफल रहेंगी।
look-up-event = भुगतान को Razorpay के डैशबोर्ड में देखें।
checkout = अगर यह आपकी दुकान भेजती है, तो दुकान के डेवलपर से कहें कि चेकआउट का हस्ताक्षर वहीं जाँचें और वहाँ से यह URL हटा दें। वेबहुक Razorpay खुद भेजता है।

url-invalid = Razorpay इसे नहीं लेता: यह URL नहीं है। KS_PAY_PUBLIC_URL में कोई पब्लिक https पता डालें।
url-no-host = Razorpay यह URL नहीं लेता: इसमें होस्ट का नाम नहीं है।
url-port = Razorpay पोर्ट { $port } नहीं लेता: सिर्फ़ 80 और 443 चलते हैं। README में बताए तरीके से आगे एक प्रॉक्सी लगाएँ।
url-too-long = Razorpay { $most } अक्षरों से लंबे URL नहीं लेता: छोटा होस्ट नाम चुनें।
url-http = Razorpay https की सलाह देता है: README में बताए तरीके से आगे सर्टिफ़िकेट वाली प्रॉक्सी लगाएँ।
url-blocked-host = Razorpay { $host } पर नहीं भेजता। अपना होस्ट या zrok टनल इस्तेमाल करें।
url-private-host = Razorpay { $host } नहीं लेता: यह पब्लिक होस्ट नहीं है। KS_PAY_PUBLIC_URL में पब्लिक होस्ट डालें, या zrok टनल आज़माएँ।
url-own-name = Razorpay ऐसे होस्ट नहीं लेता जिनके नाम में razorpay हो। कोई और होस्ट नाम चुनें।
url-private-address = Razorpay { $address } नहीं लेता: यह प्राइवेट पता है। KS_PAY_PUBLIC_URL में पब्लिक होस्ट डालें, या zrok टनल आज़माएँ।

keys-instructions = Razorpay के डैशबोर्ड में, { $mode } Mode में, { $menu } खोलें और { $button } दबाएँ। Razorpay Key Secret सिर्फ़ एक बार दिखाता है।
    .menu = Accounts & Settings › API Keys
    .button = Generate Key
key-id-hint-test = { $prefix } से शुरू होती है। Test की Key ID से हुए भुगतान में असली पैसा नहीं लगता।
key-id-hint-live = { $prefix } से शुरू होती है। Live की Key ID असली भुगतान के लिए होती है।
key-secret-hint = एन्क्रिप्ट करके रखा जाता है। आप इसे दोबारा नहीं देख पाएँगे। यह वेबहुक का सीक्रेट नहीं है।
key-of-live = यह Live की API key है। Test मोड के लिए { $prefix } से शुरू होने वाली चाहिए।
key-of-test = यह Test की API key है। Live मोड के लिए { $prefix } से शुरू होने वाली चाहिए।
key-id-malformed = { $mode } मोड की Key ID { $prefix } और उसके बाद अक्षरों या अंकों से बनती है, जैसे { $example }।

guide-heading = इन्हें Razorpay में डालें
guide-duration = करीब 3 मिनट
guide-open = Razorpay के डैशबोर्ड में { $label } चुनें और { $menu } खोलें।
    .label = { $mode } Mode
    .menu = Accounts & Settings › Webhooks
guide-paste = { $add } दबाएँ, या पहले से बने वेबहुक में { $edit } दबाएँ। URL को { $url-field } वाले खाने में और सीक्रेट को { $secret-field } वाले खाने में पेस्ट करें।
    .add = + Add New Webhook
    .edit = Edit
    .url-field = URL
    .secret-field = Secret
guide-alert-email = { $field } में यह पता डालें:
    .field = Alert Email
guide-events = { $field } के नीचे { $count } इवेंट चुनें।
    .field = Active Events
guide-create-test = { $button } दबाएँ। Test Mode में OTP यह है:
    .button = Create Webhook
guide-create-live = { $button } दबाएँ।
    .button = Create Webhook
guide-pay-test = इस UPI ID से एक टेस्ट भुगतान करें:
guide-pay-test-aside = Razorpay में टेस्ट का कोई बटन नहीं है; भुगतान करके ही जाँच होती है। { $link }
    .link = चेकआउट अभी नहीं बना?
guide-pay-live = अगले भुगतान का इंतज़ार करें, या एक छोटा भुगतान करके उसका रिफ़ंड करें।
guide-pay-live-aside = Razorpay में टेस्ट का कोई बटन नहीं है; भुगतान करके ही जाँच होती है। { $link }
    .link = चेकआउट अभी नहीं बना?

order-heading = 1. अपने सर्वर पर ऑर्डर बनाएँ
order-name = ऑर्डर का कोड
order-intro = Key Secret कोड में नहीं, एनवायरनमेंट में रखें। राशि सबसे छोटी इकाई में है: 64900 का मतलब ₹649.00।
order-label = ऑर्डर बनाएँ
checkout-heading = 2. अपने पेज पर Checkout खोलें
checkout-name = Checkout का कोड
checkout-intro = ऑर्डर ID की जगह चरण 1 में मिली ID डालें।
checkout-label = Checkout खोलें
verify-heading = 3. अपने सर्वर पर Checkout का नतीजा जाँचें
verify-name = जाँच का कोड
verify-intro = यह हस्ताक्षर Key Secret से बनता है। वेबहुक का हस्ताक्षर चरण 2 के सीक्रेट से बनता है।
verify-label = Checkout का हस्ताक्षर जाँचें
send-heading = 4. इस वेबहुक पर हस्ताक्षर किया हुआ इवेंट भेजें
send-name = टेस्ट कमांड
send-intro = { $variable } में वेबहुक का सीक्रेट डालें। जवाब 200 आता है और वह इवेंट की सूची में दिखता है। हर बार मौजूदा समय के साथ नया इवेंट भेजा जाता है।
send-label = हस्ताक्षर किया हुआ इवेंट भेजें
