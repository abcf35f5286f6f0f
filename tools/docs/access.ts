import { accessRules, type Decision } from '../../src/api/access/decisions.ts'
import { describedByItself } from './http-api.ts'
import { code, generatedHead, table } from './markdown.ts'

const words: Readonly<Record<Decision, readonly [permitted: string, limited: string]>> = {
  open: ['any client, without sign-in', 'same'],
  authenticated: ['all users', 'same'],
  scoped: ['all users', 'rows of the permitted namespaces'],
  unlimited: ['admins, viewers', '403'],
  admin: ['admins', '403'],
  events: ['admins; any client with `http.auth: none`', '403, unless `http.auth: none`'],
}

export async function accessPage(): Promise<string> {
  const { paths } = await describedByItself()
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => {
      const decided = accessRules[operationId]
      if (decided === undefined)
        return [code(`${method.toUpperCase()} ${path}`), 'admins', '403', 'Default for new operations.']
      return [code(`${method.toUpperCase()} ${path}`), ...words[decided.access], decided.reason]
    }),
  )
  return `${generatedHead('Permissions', 'src/api/access/decisions.ts')}\
A limited viewer is a user with a token or claims that list [the permitted namespaces](../guide/access.md).

${table(['Operation', 'Permitted', 'Limited viewer', 'Content'], rows)}`
}
