import type { Stage } from '../../../test/browser/kit/stage.ts'

/** Processor seconds of the server, and of all renderer processes and the other processes of the browser. */
export type Work = Readonly<{ server: number; renderer: number; browser: number }>

export async function workOf({ weir, browser }: Pick<Stage, 'weir' | 'browser'>): Promise<Work> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  let [renderer, others] = [0, 0]
  for (const { type, cpuTime } of processInfo)
    if (type === 'renderer') renderer += cpuTime
    else others += cpuTime
  return { server: weir.cpuSeconds(), renderer, browser: others }
}

/** Milliseconds per run. A renderer that ended meanwhile is missing, so a page must stay open. */
export function workText(before: Work, after: Work, runs: number): string {
  const ms = (name: keyof Work) => Math.round(((after[name] - before[name]) * 1000) / runs)
  return `server ${ms('server')}, renderer ${ms('renderer')}, other processes of the browser ${ms('browser')}`
}
