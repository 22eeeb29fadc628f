//! The orders of the demo: the ordinary, and what breaks weaker bridges.

use simulators::salesforce::SeedOrder;

/// How an order of the demo is activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Click {
    /// Once.
    Once,
    /// Twice, as impatient people do.
    Twice,
}

/// Returns the orders, with something of each kind among the first six.
pub(super) fn orders(number: usize) -> Vec<(SeedOrder, Click)> {
    (0..number).map(order).collect()
}

fn order(place: usize) -> (SeedOrder, Click) {
    let one = |customer: &str, lines: &[(&str, u32)], click| {
        let lines = lines
            .iter()
            .map(|(item, quantity)| ((*item).to_owned(), *quantity))
            .collect();
        let seed = SeedOrder {
            customer_name: customer.to_owned(),
            customer_email: None,
            lines,
        };
        (seed, click)
    };
    match place {
        0 => one(
            "Müller & Söhne GmbH",
            &[("CM-PRO", 5), ("CM-BASIC", 1), ("CM-ADDON-3D", 2)],
            Click::Once,
        ),
        1 => one("Ærø Robotics", &[("CM-ENTERPRISE", 1)], Click::Twice),
        2 => one("東京計器 Tōkyō Instruments", &[("CM-BASIC", 10)], Click::Once),
        3 => one(
            "O'Hara <Tools> & \"Dies\" ]]>",
            &[("CM-PRO", 1), ("CM-MAINT-1Y", 1)],
            Click::Once,
        ),
        4 => one("Contoso Ltd", &[("CM-PRO-2", 3)], Click::Once),
        _ => {
            let customers = [
                "Northwind",
                "Łódź Automatyka",
                "Quarz & Glas AG",
                "Ångström Labs",
                "Étoile Robotique",
            ];
            let items = ["CM-BASIC", "CM-PRO", "CM-ENTERPRISE", "CM-ADDON-3D"];
            let quantity = u32::try_from(place % 7 + 1).unwrap_or(1);
            let customer = format!("{} {place}", customers[place % customers.len()]);
            one(&customer, &[(items[place % items.len()], quantity)], Click::Once)
        }
    }
}
