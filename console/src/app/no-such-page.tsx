import { EmptyState } from '../parts/states.tsx'
import { PageLink } from './page-link.tsx'

export function NoSuchPage(): React.ReactNode {
  return (
    <EmptyState
      title="There is no such page"
      action={
        <PageLink to="/flows" className="button">
          Go to Flows
        </PageLink>
      }
    >
      Nothing of the console is at <code>{location.pathname}</code>. Perhaps the link comes from a newer Weir.
    </EmptyState>
  )
}
