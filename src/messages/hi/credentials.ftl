credentials-title = { $gateway } की API keys भरें
credentials-note = KS Pay ये API keys { $gateway } से जाँचेगा।
keys-heading = { $mode } की API keys
keys-saved-at = सहेजने का समय: { $when }।
submit = सबमिट करें

keys-accepted = { $gateway } ने API keys मान लीं। वे सहेज ली गई हैं।
keys-rejected = { $gateway } ने ये API keys नहीं मानीं, इसलिए कुछ नहीं सहेजा गया। इन्हें { $menu } से फिर कॉपी करें।
stored-keys-rejected = { $gateway } सहेजी हुई API keys नहीं मान रहा। इन्हें { $menu } से फिर कॉपी करें।
keys-changed-meanwhile = जाँच के दौरान दूसरी API keys सहेजी गईं, इसलिए अभी कुछ नहीं सहेजा गया। यह पेज दोबारा खोलें और फिर कोशिश करें।
no-keys = अभी जाँचने के लिए कोई API keys नहीं हैं। उन्हें यहाँ भरें।
key-unreadable = सहेजा हुआ { $label } पढ़ा नहीं जा सकता: डेटाबेस में वह खराब हो गया या बदल दिया गया। { $gateway } से { $label } फिर कॉपी करें और यहाँ सहेजें।
key-kept = यह पहले से सहेजा हुआ है। वही रखना हो तो इसे खाली छोड़ें, बदलना हो तो नया { $label } भरें।
check-running = आपकी कंपनी की API keys की एक और जाँच चल रही है। कुछ सेकंड रुकें, फिर कोशिश करें। कुछ नहीं सहेजा गया।
too-many-checks = बहुत बार जाँच हुई। दस सेकंड रुकें, फिर कोशिश करें। कुछ नहीं सहेजा गया।

keys-unchecked = API keys सहेज ली गई हैं, पर अभी जाँची नहीं गईं
keys-unchecked-effect = इनके बिना भी इवेंट आते रहेंगे।
check-again = फिर जाँचें
gateway-not-asked = API keys सहेजते समय { $gateway } से संपर्क नहीं हो पाया।
gateway-unreachable = यह सर्वर { $gateway } से संपर्क नहीं कर पाया।
gateway-timeout = { $gateway } ने 10{ "\u00A0" }सेकंड में जवाब नहीं दिया।
gateway-busy = { $gateway } ने बाद में कोशिश करने को कहा है।
gateway-server-error = { $gateway } की तरफ़ कोई दिक्कत है (स्टेटस { $status })।
gateway-unexpected-status = { $gateway } का जवाब साफ़ नहीं है (स्टेटस { $status })।

integration-note = आपके डेवलपर के लिए: इस ऐप की अपनी जानकारी वाला कोड, जिसे बस पेस्ट करना है।
snippets-incomplete = कोड पूरा करने के लिए { $link }।
    .link = { $label } भरें
integration-finish = जब आपकी दुकान भुगतान लेने लगे, तब इस चरण में “पूरा हुआ चुनें” दबाएँ। इवेंट आ रहे हैं या नहीं, यह वेबहुक चरण में दिखता है।

domain-title = अपना डोमेन भरें
domain-note = ज़रूरी नहीं। वह डोमेन जहाँ आपके ग्राहक भुगतान करते हैं, Test और Live दोनों में। KS Pay ऐसा वेबहुक सीक्रेट नहीं मानता जो इस डोमेन के नाम से बना हो, क्योंकि उसका अंदाज़ा लगाना आसान होता है। डोमेन की वजह से कोई अनुरोध नहीं रुकता।
domain-heading = आपके ऐप का डोमेन
domain = डोमेन
domain-hint = जैसे shop.neemtree.example। पूरा URL भी पेस्ट कर सकते हैं; सिर्फ़ होस्ट का नाम सहेजा जाएगा।
domain-ascii = यह { $domain } का ASCII रूप है, जो ब्राउज़र भेजते हैं।
domain-done = डोमेन सहेजा हुआ है, इसलिए यह चरण पूरा है।
save-domain = डोमेन सहेजें
domain-saved = डोमेन सहेज लिया गया।
domain-saved-of-four = डोमेन सहेज लिया गया। चारों चरण पूरे हो गए।
domain-saved-of-three = डोमेन सहेज लिया गया। तीनों चरण पूरे हो गए।
