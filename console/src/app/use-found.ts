import { useQueries } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { Completion, FlowFrame } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import type { ResourcePage } from '../api/objects.ts'
import { meaningText } from '../parts/meaning-text.ts'
import { docAnchor } from '../parts/doc-anchor.ts'
import { shortTime } from '../parts/format.ts'
import { actorText, pathOfRef, refText } from '../state/refs.ts'
import { paletteText } from '../text/palette.ts'
import type { Command } from './commands.ts'

/** A page with parameters. */
type Place = Readonly<{ to: string; search?: Readonly<Record<string, string>>; path?: string }>
export type Found = Readonly<{ name: string; detail: string; key: string; place: Place }>

const [most, actorsFrom] = [6, 'now-1w'] as const

const complete = (body: object, signal: AbortSignal) =>
  request<Completion>('/api/v1/complete', { method: 'POST', body: { limit: most, ...body }, signal })

const flowsWith = (filter: string): Place => ({ to: '/flows', search: { v: '1', q: filter } })

async function findTraffic(prefix: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { meanings = [] } = await complete({ names: 'flows', prefix, from: 'now-1d', to: 'now' }, signal)
  const addresses = meanings.filter(({ is }) => is === 'address')
  const socket = meanings.find(({ is }) => is === 'socket')
  const newest = socket === undefined ? [] : await findNewest(socket.filter, signal)
  return [
    ...meanings
      .filter(({ is }) => is !== 'text')
      .map((meaning) => ({
        name: paletteText.flowsOf(meaningText(meaning)),
        detail: meaning.is === 'value' ? paletteText.traffic : paletteText.address,
        key: `flows ${meaning.filter}`,
        place: flowsWith(meaning.filter),
      })),
    ...newest,
    ...addresses.slice(0, 1).map(({ value }) => ({
      name: paletteText.investigate(value),
      detail: paletteText.address,
      key: `investigate ${value}`,
      place: { to: '/investigate', search: { v: '1', of: value } },
    })),
    ...addresses.slice(0, 1).map(({ value }) => ({
      name: paletteText.auditOf(value),
      detail: paletteText.address,
      key: `audit ${value}`,
      place: { to: '/audit', search: { v: '1', q: `address = "${value}"` } },
    })),
  ]
}

const minuteMs = 60_000

/** The newest flow of the last hour, opened. Its link has fixed times. */
async function findNewest(filter: string, signal: AbortSignal): Promise<readonly Found[]> {
  const columns = '_pos,time_received,src_addr,dst_addr'
  const query = { filter, from: 'now-1h', to: 'now', columns, limit: 1 }
  const { rows } = await request<FlowFrame>('/api/v1/flows', { query, signal })
  return rows.map(([pos, received, source, destination]) => {
    const at = Date.parse(String(received))
    const t = [at - 5 * minuteMs, at + 5 * minuteMs].map((ms) => new Date(ms).toISOString()).join('..')
    return {
      name: paletteText.newestFlow(String(source), String(destination), shortTime(String(received))),
      detail: paletteText.flow,
      key: `flow ${String(pos)}`,
      place: { to: '/flows', search: { v: '1', live: '0', t, q: filter, sel: String(pos) } },
    }
  })
}

export async function findObjects(filter: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { resources } = await request<ResourcePage>('/api/v1/resources', { query: { filter, limit: most }, signal })
  return resources.map(({ ref }) => ({
    name: refText(ref),
    detail: paletteText.object,
    key: ref,
    place: { to: '/resource/$', path: pathOfRef(ref) },
  }))
}

export async function findActors(prefix: string, signal: AbortSignal): Promise<readonly Found[]> {
  const body = { names: 'audit', field: 'actor', prefix, from: actorsFrom, to: 'now' }
  return ((await complete(body, signal)).values ?? []).map(({ value }) => ({
    name: actorText(String(value)),
    detail: paletteText.actor,
    key: String(value),
    place: { to: '/actor', search: { v: '1', of: String(value) } },
  }))
}

async function findNamespaces(prefix: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { values = [] } = await complete({ names: 'resources', field: 'namespace', prefix }, signal)
  return values.map(({ value }) => ({
    name: paletteText.inNamespace(String(value)),
    detail: paletteText.namespace,
    key: `namespace ${String(value)}`,
    place: { to: '/resources', search: { v: '1', namespace: String(value) } },
  }))
}

async function findDocs(typed: string): Promise<readonly Found[]> {
  const { sections } = await import('virtual:docs-index')
  const words = typed.toLowerCase().split(/\s+/)
  return sections
    .filter(({ title, heading }) => words.every((word) => `${title} ${heading}`.toLowerCase().includes(word)))
    .map(({ page, title, heading }) => ({
      name: heading === '' ? title : `${title}: ${heading}`,
      detail: paletteText.documentation,
      key: `docs ${page} ${heading}`,
      place: { to: '/docs', search: { v: '1', page, ...(heading === '' ? {} : { at: docAnchor(heading) }) } },
    }))
    .toSorted((a, b) => a.name.length - b.name.length)
    .slice(0, most)
}

const searches = [findObjects, findActors, findNamespaces, findTraffic, findDocs] as const

const pauseMs = 150

/** The text once typing pauses. */
function usePaused(text: string) {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), pauseMs)
    return () => clearTimeout(timer)
  }, [text])
  return paused
}

/** Objects, actors, namespaces, addresses and documents. A search that fails finds nothing. */
export function useFound(typed: string): Readonly<{ found: readonly Command[]; busy: boolean }> {
  const navigate = useNavigate()
  const text = usePaused(typed.trim())
  const results = useQueries({
    queries: searches.map((search, at) => ({
      queryKey: ['palette', at, text],
      enabled: text.length > 1,
      staleTime: 15_000,
      retry: false,
      queryFn: ({ signal }: { signal: AbortSignal }) => search(text, signal),
    })),
  })
  const all = results.map(({ data }) => data)
  const key = results.map(({ dataUpdatedAt, status }) => `${dataUpdatedAt} ${status}`).join()
  const found = useMemo(
    () =>
      text.length > 1
        ? all.flatMap((items = []) =>
            items.map(({ name, detail, key: id, place: target }): Command => ({
              name,
              detail,
              key: id,
              run: () => {
                navigate({
                  to: target.to,
                  ...(target.path === undefined ? {} : { params: { _splat: target.path } as never }),
                  search: (target.search ?? {}) as never,
                }).catch(reportError)
              },
            })),
          )
        : [],
    // `key` changes with the results.
    [text, key, navigate],
  )
  return { found, busy: typed.trim() !== text || (text.length > 1 && results.some(({ isFetching }) => isFetching)) }
}
