# Automations: messages that are sent when a payment changes.

title = स्वचालन

# What messages say besides the user's text.
see-payment = भुगतान देखें
footer-customer = { $app } की ओर से। उनसे संपर्क के लिए इस ईमेल का जवाब दें।
footer-company = { $app } के एक स्वचालन की ओर से ({ $mode })।
instead-of-customer = यह टेस्ट भुगतान है, इसलिए यह ईमेल ग्राहक के बजाय आपको भेजा गया।
test-subject = टेस्ट: { $subject }
test-intro = यह टेस्ट आपने KS Pay से भेजा है। यह किसी और को नहीं मिला।
