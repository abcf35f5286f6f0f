import { revealSecret } from '../../net/secrets.ts'
import type { PubSubServer } from './config.ts'

type Library = Awaited<ReturnType<typeof loadClient>>
export type PublisherClient = InstanceType<Library['v1']['PublisherClient']>
export type SubscriberClient = InstanceType<Library['v1']['SubscriberClient']>

/** The client library, loaded only when it is needed. */
export async function loadClient() {
  const [pubsub, auth] = await Promise.all([import('@google-cloud/pubsub'), import('google-auth-library')])
  return { ...pubsub, ...auth }
}

export const connection = {
  // ms; by itself the library would wait for up to two minutes before it connects again.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5000,
  // Bytes that the server may send before we have taken them. By itself it is 64 KiB for all requests together, less than one answer to a pull:
  // the rest would wait until our thread has time, and the next answer and acknowledgements behind it.
  'grpc-node.flow_control_window': 4 << 20,
}

const scopes = ['https://www.googleapis.com/auth/pubsub']

/** Options of the library's clients. Throws for a key that is none. */
export async function clientOptions(library: Library, { project, endpoint, auth }: PubSubServer) {
  const own = { ...connection, projectId: project, ...(endpoint === null ? {} : { apiEndpoint: endpoint }) }
  if (auth.type === 'default') return new library.PubSub(own).getClientConfig()
  // Who needs no proof is somebody all the same: else the library would ask the machine's cloud who it is.
  if (auth.type === 'none')
    return new library.PubSub({
      ...own,
      emulatorMode: true,
      authClient: new library.PassThroughClient(),
    }).getClientConfig()
  const { client_email: email, private_key: key } = keyOf(revealSecret(auth.key))
  return new library.PubSub({ ...own, authClient: new library.JWT({ email, key, scopes }) }).getClientConfig()
}

function keyOf(text: string): { readonly client_email: string; readonly private_key: string } {
  try {
    const { client_email: email, private_key: key } = JSON.parse(text) as {
      readonly client_email?: unknown
      readonly private_key?: unknown
    }
    if (typeof email === 'string' && typeof key === 'string') return { client_email: email, private_key: key }
  } catch {
    // Said below, without what it holds.
  }
  throw new Error(
    '`auth.key` is no key of a service account: it is to be the whole JSON file, with client_email and private_key',
  )
}

/** The library's own retries are off: they belong to whoever calls, who knows for how long. */
export function callOptions(timeout: number) {
  return { timeout, retry: null } as unknown as { readonly timeout: number }
}
