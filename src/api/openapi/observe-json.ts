import type { onSendAsyncHookHandler } from 'fastify'
import { gunzipSync } from 'node:zlib'
import type { Schema } from '../request/check.ts'
import { responsesOf, type DescribedRoute } from './document.ts'
import type { ApiOptions } from '../options.ts'

/** For tests: reports each response of JSON that is not a stream. */
export function observeJson(
  routes: readonly DescribedRoute[],
  sent: NonNullable<ApiOptions['sent']>,
): onSendAsyncHookHandler {
  return async (request, reply, payload) => {
    const isJson = /^application\/(?:problem\+)?json/.test(String(reply.getHeader('content-type')))
    const route = routes.find(({ url, method }) => url === request.routeOptions.url && method === request.method)
    if (!isJson || route === undefined || !(typeof payload === 'string' || Buffer.isBuffer(payload))) return payload
    const bytes = Buffer.from(payload)
    const text = reply.getHeader('content-encoding') === 'gzip' ? gunzipSync(bytes) : bytes
    const { statusCode: status } = reply
    const schema = (responsesOf(route) as Readonly<Record<string, Schema>>)[String(status)]
    sent({ route: `${request.method} ${route.url}`, status, schema, value: JSON.parse(text.toString()) })
    return payload
  }
}
