/** Dashboards of files. */
import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { parameterName } from '../../model/sql-parameters.ts'
import { oneOf, parameters, type Of } from '../schema.ts'

export const Dashboards = ObjectOf(
  {
    dashboards: ArrayOf(
      ObjectOf({
        file: Text(),
        json: Optional(Text({ description: 'The dashboard, as the console exports it.' })),
        error: Optional(Text({ description: 'Why the file is no dashboard.' })),
      }),
    ),
  },
  { $id: 'Dashboards' },
)
export type Dashboards = Of<typeof Dashboards>

const Variable = parameters({
  name: Text({ pattern: parameterName.source }),
  value: Optional(Text()),
  type: Optional(oneOf(['string', 'number', 'list'])),
})

const Panel = parameters({
  kind: Optional(oneOf(['series', 'top', 'stat', 'table', 'topology', 'sql'])),
  title: Optional(Text()),
  width: Optional(Integer({ minimum: 1, maximum: 4 })),
  filter: Optional(Text()),
  group: Optional(Text()),
  by: Optional(oneOf(['bytes', 'packets', 'flows'])),
  limit: Optional(Integer({ minimum: 1, maximum: 100 })),
  scope: Optional(
    oneOf(['auto', 'workload', 'endpoint', 'addr', 'name', 'owner', 'namespace', 'label', 'node', 'zone', 'country']),
  ),
  sql: Optional(Text()),
})

/** The content of a file. */
export const DashboardFile = parameters({
  title: Optional(Text()),
  variables: Optional(ArrayOf(Variable)),
  panels: ArrayOf(Panel),
})
