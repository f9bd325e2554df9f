import ServiceLifecycle

extension StandaloneService {
    func webServices(_ opened: Opened) -> [ServiceGroupConfiguration.ServiceConfiguration] { [] }
}
