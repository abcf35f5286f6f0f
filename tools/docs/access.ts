import { decisions, type Decision } from '../../src/api/access/decisions.ts'
import { describedByItself } from './http-api.ts'
import { code, generatedHead, table } from './markdown.ts'

/** Required role, and the result for a viewer of some namespaces. */
const words: Readonly<Record<Decision, readonly [who: string, limited: string]>> = {
  open: ['everyone, before a login', 'the same'],
  everybody: ['every user', 'the same'],
  scoped: ['every user', 'only flows of their namespaces'],
  unlimited: ['admins, viewers', '403'],
  admin: ['admins', '403'],
  events: ['admins, or everybody (`http.auth: none`)', '403, unless everybody may'],
}

/** The access decision of each operation. */
export async function accessPage(): Promise<string> {
  const { paths } = await describedByItself()
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => {
      const decided = decisions[operationId]
      if (decided === undefined)
        return [code(`${method.toUpperCase()} ${path}`), 'admins', '403', 'Nobody has decided yet.']
      return [code(`${method.toUpperCase()} ${path}`), ...words[decided.who], decided.why]
    }),
  )
  return `${generatedHead('Access by operation', 'src/api/access/decisions.ts')}\
A limited viewer is one whose token or claims name [the namespaces that he may see](../guide/access.md).

${table(['Operation', 'Who may', 'A limited viewer', 'Why'], rows)}`
}
