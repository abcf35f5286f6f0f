import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type {
  Incident,
  IncidentCandidate,
  IncidentHistory,
  IncidentPin,
  IncidentRequest,
  Incidents,
  IncidentSummary,
} from '../../../src/api/published.ts'
import { pathOf, request, textOf } from './client.ts'
import { pollInterval, queryClient, useHeld, type Watched } from './queries.ts'
import { useActs } from './use-acts.ts'

export type { Incident, IncidentCandidate, IncidentHistory, IncidentPin, IncidentRequest, IncidentSummary }

export const incidentStates = ['open', 'mitigated', 'resolved'] as const satisfies readonly Incident['state'][]

const key = ['incidents'] as const
export const incidentPath = (id: string) => `/api/v1/incidents/${encodeURIComponent(id)}`
const loadIncident = (id: string, signal?: AbortSignal) =>
  request<Incident>(incidentPath(id), signal === undefined ? {} : { signal })

export function useIncidents(): Watched<readonly IncidentSummary[]> {
  return useHeld(
    useQuery({
      queryKey: [...key, 'list'],
      refetchInterval: pollInterval,
      queryFn: async ({ signal }) => (await request<Incidents>('/api/v1/incidents', { signal })).incidents,
    }),
  )
}

export function useIncident(id: string): UseQueryResult<Incident> {
  return useQuery({
    queryKey: [...key, 'one', id],
    enabled: id !== '',
    retry: false,
    queryFn: ({ signal }) => loadIncident(id, signal),
  })
}

export function useIncidentHistory(id: string, version: number): UseQueryResult<IncidentHistory> {
  return useQuery({
    queryKey: [...key, 'history', id, version],
    staleTime: 10_000,
    retry: false,
    queryFn: ({ signal }) => request<IncidentHistory>(`${incidentPath(id)}/history`, { signal }),
  })
}

/** The report with links to this console. */
export function exportIncident(id: string, format: 'md' | 'json'): Promise<string> {
  return textOf(pathOf(`${incidentPath(id)}/export`, { format, base: location.origin }))
}

/** The whole incident, as a request that replaces this version. */
function requestOf({ version, ...incident }: Incident, change: Partial<IncidentRequest>): IncidentRequest {
  const { title, state, namespaces, from, to, question, onset, verdict, candidates, pins, notes } = incident
  const contents = { title, state, namespaces, from, to, question, onset, verdict, candidates, pins, notes }
  return { ...contents, ...change, before: version }
}

async function put(id: string, body: IncidentRequest): Promise<Incident> {
  const saved = await request<Incident>(incidentPath(id), { method: 'PUT', body })
  queryClient.setQueryData([...key, 'one', id], saved)
  return saved
}

export function createIncident(body: IncidentRequest): Promise<Incident> {
  const bytes = [...crypto.getRandomValues(new Uint8Array(6))]
  return put(bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(''), body)
}

/** Rejects with status 409 if another version was saved meanwhile. */
export function changeIncident(incident: Incident, change: Partial<IncidentRequest>): Promise<Incident> {
  return put(incident.id, requestOf(incident, change))
}

/** Adds to the newest version. */
export async function pinTo(id: string, pin: IncidentPin): Promise<Incident> {
  const incident = await loadIncident(id)
  if (incident.pins.some(({ path }) => path === pin.path)) return incident
  return changeIncident(incident, { pins: [...incident.pins, pin] })
}

export function deleteIncident({ id, version }: Incident): Promise<unknown> {
  return request(incidentPath(id), { method: 'DELETE', query: { before: version } })
}

export const useIncidentActs = (): ReturnType<typeof useActs> => useActs('incidents')
