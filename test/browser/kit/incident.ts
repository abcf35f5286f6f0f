import { incident } from '../../../src/topics/incidents/testing/incident.ts'

/** ID of the incident of the place `cluster`. */
export const shownIncident = 'orders'

export async function putIncident(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/incidents/${shownIncident}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(incident),
  })
  if (!answer.ok) throw new Error(`The incident was refused: ${await answer.text()}`)
}
