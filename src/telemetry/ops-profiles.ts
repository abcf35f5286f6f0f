import type { IncomingMessage } from 'node:http'
import { profileKinds, type ProfileKind, type ProfileRequest } from './profile.ts'
import { messageOf } from '../model/errors.ts'

/** By thread name; the first is the default. */
type ProfileThreads = ReadonlyMap<string, (request: ProfileRequest) => Promise<Uint8Array>>

export type ProfileResult =
  | Readonly<{ profile: Uint8Array; name: string }>
  | Readonly<{ status: 400 | 403 | 409 | 500; problem: string }>

const usualSeconds: Readonly<Record<ProfileKind, number>> = { profile: 30, heap: 10 }
const maxSeconds = 600

const onlyHere = 'Profiles are available on this machine only: use localhost, or forward the port.'

/** Profiles of Go without an equivalent. */
const insteadOf: Readonly<Record<string, string>> = {
  goroutine: 'It has threads instead of goroutines; `profile` shows what a thread runs.',
  threadcreate: 'Its threads are listed below.',
  allocs: 'Use `heap`.',
  block: 'Use `profile` of a thread.',
  mutex: 'Use `profile` of a thread.',
  trace: '`telemetry.traces` exports traces.',
}

/** Serves /debug/pprof/* only locally: a profile costs time and reveals internals. */
export class OpsProfiles {
  readonly #threads: ProfileThreads
  readonly #busy = new Set<string>()

  constructor(threads: ProfileThreads) {
    this.#threads = threads
  }

  kindOf(path: string | undefined): ProfileKind | undefined {
    return profileKinds.find((kind) => path === `/debug/pprof/${kind}`)
  }

  /** The index, as Go's programs have it, and what replaces the profiles that only these have. */
  page(
    path: string | undefined,
    request: IncomingMessage,
  ): Readonly<{ status: 200 | 403 | 404; text: string }> | undefined {
    const name = /^\/debug\/pprof(?:\/([\w.-]*))?$/.exec(path ?? '')
    if (name === null) return undefined
    if (!isHere(request)) return { status: 403, text: `${onlyHere}\n` }
    const threads = [...this.#threads.keys()].join(', ')
    const index =
      '/debug/pprof/profile?seconds=30&thread=main  CPU\n' +
      '/debug/pprof/heap?seconds=10&thread=main     allocations\n\n' +
      `Threads: ${threads}. The files are for \`go tool pprof\`.\n`
    const wanted = name[1] ?? ''
    if (wanted === '') return { status: 200, text: `Profiles of Weir:\n\n${index}` }
    const instead = Object.hasOwn(insteadOf, wanted) ? `${insteadOf[wanted]} ` : ''
    return {
      status: 404,
      text: `There is no profile \`${wanted}\`: Weir runs on Node. ${instead}Profiles of Weir:\n\n${index}`,
    }
  }

  async answer(kind: ProfileKind, request: IncomingMessage): Promise<ProfileResult> {
    if (!isHere(request))
      return {
        status: 403,
        problem: onlyHere,
      }
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const seconds = Number(searchParams.get('seconds') ?? usualSeconds[kind])
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxSeconds)
      return { status: 400, problem: `\`seconds\` must be a whole number from 1 to ${maxSeconds}.` }
    const names = [...this.#threads.keys()]
    const name = searchParams.get('thread') ?? names[0] ?? ''
    const take = this.#threads.get(name)
    if (take === undefined)
      return { status: 400, problem: `There is no thread of that name; the threads are ${names.join(', ')}.` }
    if (this.#busy.has(name)) return { status: 409, problem: `A profile of ${name} is already running.` }
    this.#busy.add(name)
    try {
      return { profile: await take({ kind, seconds }), name: `weir-${name}-${kind}.pb.gz` }
    } catch (error) {
      return { status: 500, problem: `The profile failed: ${messageOf(error)}` }
    } finally {
      this.#busy.delete(name)
    }
  }
}

/** From this machine, with a local host name, and not from a web page. */
function isHere({ socket, headersDistinct: { host = [], origin, 'sec-fetch-site': site } }: IncomingMessage): boolean {
  const address = socket.remoteAddress ?? ''
  const near = address === '::1' || /^(?:::ffff:)?127\./.test(address)
  return (
    near &&
    host.length === 1 &&
    /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host[0] ?? '') &&
    origin === undefined &&
    (site?.[0] ?? 'none') === 'none'
  )
}
