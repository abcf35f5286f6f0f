// Memory of a Weir's main thread after a garbage collection, through its inspector (`--inspect=127.0.0.1:0`).
import type { WeirProcess } from '../../kit/weir-process.ts'

export async function usedMemory(weir: WeirProcess): Promise<number> {
  // A restart opens a new inspector.
  const url = [...weir.lastLog.matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1]
  if (url === undefined) throw new Error('this Weir has no inspector')
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), { once: true })
  })
  let id = 0
  const ask = (method: string, params: object = {}): Promise<{ result?: { value?: unknown } }> => {
    const requestId = ++id
    return new Promise((resolve) => {
      const take = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: { result?: { value?: unknown } } }
        if (message.id !== requestId) return
        socket.removeEventListener('message', take)
        resolve(message.result ?? {})
      }
      socket.addEventListener('message', take)
      socket.send(JSON.stringify({ id: requestId, method, params }))
    })
  }
  try {
    for (let twice = 0; twice < 2; twice++) await ask('HeapProfiler.collectGarbage')
    const { result } = await ask('Runtime.evaluate', {
      expression: '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())',
      returnByValue: true,
    })
    return Number(result?.value)
  } finally {
    socket.close()
  }
}
