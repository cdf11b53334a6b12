//! The list of users: filters and order.

use kefu_proto::user::v1::ListUsersRequest;
use kefu_proto::user::v1::user::Status;
use sea_orm::sea_query::NullOrdering;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use crate::access::contains;
use crate::db::{Scoped, TenantId, code};
use crate::team::entity::team_member;
use crate::user::entity::{user_info, user_role};

use user_info::Column;

/// The users a request asks for, in its order.
pub(super) fn select(tenant: TenantId, request: &ListUsersRequest) -> Select<user_info::Entity> {
    let mut select = user_info::Entity::of(tenant);
    if !request.keyword.is_empty() {
        select =
            select.filter(contains(&[Column::Username, Column::Name, Column::Phone, Column::Email], &request.keyword));
    }
    if request.status() != Status::Unspecified {
        select = select.filter(Column::Status.eq(code(request.status())));
    }
    if request.role_id != 0 {
        let holders = user_role::Entity::of(tenant).filter(user_role::Column::RoleId.eq(request.role_id));
        select = select.filter(Column::Id.in_subquery(ids(holders, user_role::Column::UserId)));
    }
    if request.team_id != 0 {
        let members = team_member::Entity::of(tenant).filter(team_member::Column::TeamId.eq(request.team_id));
        select = select.filter(Column::Id.in_subquery(ids(members, team_member::Column::UserId)));
    }
    let (column, order) = order(&request.sort);
    // The databases do not agree on where to put those who have never logged in.
    let nulls = if order == Order::Asc { NullOrdering::First } else { NullOrdering::Last };
    let by_id = order.clone();
    select.order_by_with_nulls(column, order, nulls).order_by(Column::Id, by_id)
}

fn ids<E: EntityTrait>(select: Select<E>, column: E::Column) -> sea_orm::sea_query::SelectStatement {
    select.select_only().column(column).into_query()
}

fn order(sort: &str) -> (Column, Order) {
    let (field, order) = match sort.strip_prefix('-') {
        Some(field) => (field, Order::Desc),
        None => (sort, Order::Asc),
    };
    match field {
        "name" => (Column::Name, order),
        "lastLoginTime" => (Column::LastLoginTime, order),
        "createTime" => (Column::CreateTime, order),
        _ => (Column::CreateTime, Order::Desc),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{Iden, Order};

    use super::order;

    #[test]
    fn the_order_of_each_name() {
        for (sort, column, descending) in [
            ("", "create_time", true),
            ("createTime", "create_time", false),
            ("-createTime", "create_time", true),
            ("name", "name", false),
            ("-lastLoginTime", "last_login_time", true),
        ] {
            let (found, order) = order(sort);
            assert_eq!((found.unquoted(), order == Order::Desc), (column, descending), "{sort}");
        }
    }
}
