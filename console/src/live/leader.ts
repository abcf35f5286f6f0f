import { LiveEngine } from './engine.ts'
import type { FromTab, ToTab } from './messages.ts'

type TabMessage =
  | Readonly<{ from: string; message: FromTab }>
  | Readonly<{ to: string; message: ToTab }>
  | { readonly leader: true }

const name = 'weir-live'

/** Fallback without SharedWorker: the tab that holds the lock owns the stream for all tabs. */
export function throughLeader(take: (message: ToTab) => void, again: () => void): (message: FromTab) => void {
  const channel = new BroadcastChannel(name)
  const me = [...crypto.getRandomValues(new Uint8Array(8))].join('-')
  const joined = new Map<string, (message: FromTab) => void>()
  let engine: LiveEngine | undefined
  const post = (message: TabMessage) => channel.postMessage(message)
  const lead = (from: string, message: FromTab) => {
    if (engine === undefined) return
    const door =
      joined.get(from) ??
      engine.join((answer) => {
        if (from === me) take(answer)
        else post({ to: from, message: answer })
      })
    joined.set(from, door)
    door(message)
  }
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if ('leader' in data) again()
    else if ('to' in data) {
      if (data.to === me) take(data.message)
    } else lead(data.from, data.message)
  }
  navigator.locks
    .request(name, () => {
      engine = new LiveEngine()
      post({ leader: true })
      again()
      return new Promise<never>(() => {})
    })
    .catch(reportError)
  return (message) => {
    if (engine === undefined) post({ from: me, message })
    else lead(me, message)
  }
}
