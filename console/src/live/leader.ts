import { LiveEngine } from './engine.ts'
import type { FromTab, ToTab } from './messages.ts'

/** What tabs say to one another. */
type Said =
  | { readonly from: string; readonly message: FromTab }
  | { readonly to: string; readonly message: ToTab }
  | { readonly leader: true }

const name = 'weir-live'

/**
 * One stream for all tabs where no worker can be shared: the tab that has the lock holds it for the others, and when it
 * is closed the next one does. `again` is called when the tabs have to say anew what they want to see.
 */
export function throughLeader(take: (message: ToTab) => void, again: () => void): (message: FromTab) => void {
  const channel = new BroadcastChannel(name)
  const me = [...crypto.getRandomValues(new Uint8Array(8))].join('-')
  const joined = new Map<string, (message: FromTab) => void>()
  let engine: LiveEngine | undefined
  const post = (said: Said): void => channel.postMessage(said)
  const lead = (from: string, message: FromTab): void => {
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
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
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
      // Held for as long as this tab lives.
      return new Promise<never>(() => {})
    })
    .catch(reportError)
  return (message) => {
    if (engine === undefined) post({ from: me, message })
    else lead(me, message)
  }
}
