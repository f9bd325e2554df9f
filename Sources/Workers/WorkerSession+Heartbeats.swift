import Execution
import Logging
import RunStore

/// Staying alive, and knowing when that has failed.
extension WorkerSession {
    func beat(when calls: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            let (beats, beat) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            group.addTask { for await _ in calls { beat.yield() } }
            group.addTask { await self.tick(beat) }
            for await _ in beats { await self.sendHeartbeat() }
            group.cancelAll()
        }
    }

    private func tick(_ beat: AsyncStream<Void>.Continuation) async {
        while !Task.isCancelled {
            // The next one is due a quarter of the time after the last that arrived; one that failed is repeated soon.
            let due = aliveSince + settings.ttl / 4
            let pause = max(ContinuousClock.now.duration(to: due), settings.ttl / 40)
            do { try await Task.sleep(for: pause) } catch { return }
            if ContinuousClock.now >= aliveSince + settings.ttl / 4 { beat.yield() }
        }
    }

    private func sendHeartbeat() async {
        let asked = ContinuousClock.now
        do {
            let isAlive = try await store.heartbeat(
                id, running: running.count, isDraining: wish > .work, ttl: settings.ttl)
            guard isAlive else { return lose() }
            aliveSince = max(aliveSince, asked)
            let left = ContinuousClock.now.duration(to: asked + settings.ttl * WorkerSettings.killed)
            if !isLost { parts.processGuard.allow(max(left, .zero)) }
        } catch {
            // It is over, and needs none.
            guard !Task.isCancelled else { return }
            logger.warning("no heartbeat", metadata: ["error": "\(error)"])
            observer.changed(.waitingForDatabase(problem: "\(error)"))
        }
    }

    func watchTime() async {
        while !isLost, !Task.isCancelled {
            let end = aliveSince + settings.ttl * WorkerSettings.cutOff
            let left = ContinuousClock.now.duration(to: end)
            if left <= .zero { return lose() }
            do { try await Task.sleep(for: left) } catch { return }
        }
    }
}
