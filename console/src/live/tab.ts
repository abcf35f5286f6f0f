import { isLoginNeeded, loginNeeded, onSession } from '../api/session.ts'
import { LiveEngine } from './engine.ts'
import { throughLeader } from './leader.ts'
import { heartbeatMs, type FromTab, type Link, type ToTab, type WantedView } from './messages.ts'

type Listener = (message: Exclude<ToTab, { readonly is: 'link' | 'again' }>) => void

const watching = new Map<string, Readonly<{ view: WantedView; listener: Listener }>>()
const linkListeners = new Set<() => void>()
let link: Link = { state: 'idle' }
let say: ((message: FromTab) => void) | undefined
let lastId = 0

export function watch(view: Omit<WantedView, 'id'>, listener: Listener): () => void {
  const id = `w${++lastId}`
  watching.set(id, { view: { ...view, id }, listener })
  sendViews()
  return () => {
    watching.delete(id)
    sendViews()
  }
}

export function linkNow(): Link {
  return link
}

export function onLink(listener: () => void): () => void {
  linkListeners.add(listener)
  return () => void linkListeners.delete(listener)
}

export function retryNow(): void {
  say?.({ is: 'retry' })
}

function sendViews() {
  say ??= connected()
  say({ is: 'views', views: [...watching.values()].map(({ view }) => view) })
}

function connected(): (message: FromTab) => void {
  const send = door()
  const here = () => send({ is: 'here' })
  setInterval(here, heartbeatMs)
  addEventListener('visibilitychange', () => {
    if (!document.hidden) here()
  })
  addEventListener('pagehide', () => send({ is: 'bye' }))
  addEventListener('pageshow', (event) => {
    if (event.persisted) sendViews()
  })
  addEventListener('online', retryNow)
  onSession(() => {
    if (!isLoginNeeded()) retryNow()
  })
  return send
}

function door(): (message: FromTab) => void {
  if (typeof SharedWorker === 'undefined') {
    // Locks exist only in secure contexts: HTTPS or localhost.
    return isSecureContext && 'locks' in navigator && typeof BroadcastChannel !== 'undefined'
      ? throughLeader(take, sendViews)
      : new LiveEngine().join(take)
  }
  const { port } = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'weir-live' })
  port.onmessage = ({ data }: MessageEvent<ToTab>) => take(data)
  return (message) => port.postMessage(message)
}

function take(message: ToTab) {
  if (message.is === 'again') return sendViews()
  if (message.is === 'link') {
    link = message.link
    if (link.status === 401) loginNeeded()
    for (const listener of linkListeners) listener()
    return
  }
  const id =
    message.is === 'rows'
      ? message.rows.view
      : message.is === 'gap'
        ? message.gap.view
        : message.is === 'stat'
          ? message.stat.view
          : message.data.view
  watching.get(id)?.listener(message)
}
