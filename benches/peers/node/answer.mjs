// Shared by all Express peers: the raw body, verification with the official SDK, and the listening address.
import express from 'express';
import Razorpay from 'razorpay';

const secret = process.env.WEBHOOK_SECRET;

// `store(id, type, body)` stores the event unless its id is already stored, and returns once it is durable.
export function webhooks(store) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.post('/webhooks/razorpay', express.raw({ type: () => true, limit: '1mb' }), async (request, response) => {
    const body = request.body.toString('utf8');
    const signature = request.get('x-razorpay-signature') ?? '';
    if (!Razorpay.validateWebhookSignature(body, signature, secret)) return response.status(401).end();
    await store(request.get('x-razorpay-event-id'), JSON.parse(body).event, request.body);
    response.status(200).end();
  });
  return app;
}

export function listen(app) {
  const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
  server.keepAliveTimeout = 60_000;
  process.on('SIGTERM', () => process.exit(0));
}
