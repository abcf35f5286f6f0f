import { flowFieldsText } from '../../text/flow-fields.ts'

/** Values of information element 233. */
export function firewallEvent(number: number): string {
  return flowFieldsText.firewallEvents[number] ?? String(number)
}

/** Values of information element 230 in use. */
export function natEvent(number: number): string {
  return flowFieldsText.natEvents[number] ?? String(number)
}

/** Reasons that Cisco ASA documents; other numbers stay. */
export function firewallReason(number: number): string {
  const reason = flowFieldsText.firewallReasons[number] ?? (number >= 2000 ? flowFieldsText.closed : undefined)
  return reason === undefined ? String(number) : `${number} ${reason}`
}
