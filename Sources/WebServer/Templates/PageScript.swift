/// The pages' one script: the filter box acts at once, and what changes is fetched again while somebody looks.
///
/// Without it the pages work the same, by reloading.
enum PageScript {
    static let text = #"""
        "use strict";
        (() => {
          const filter = () => {
            const box = document.querySelector("[data-filter]");
            if (!box) return;
            const wanted = box.value.trim().toLowerCase();
            for (const row of document.querySelectorAll("tr[data-name]")) {
              row.hidden = wanted !== "" && !row.dataset.name.includes(wanted);
            }
          };
          document.addEventListener("input", (event) => {
            if (event.target.matches("[data-filter]")) filter();
          });
          const toEnd = () => {
            for (const log of document.querySelectorAll("pre[data-end]")) log.scrollTop = log.scrollHeight;
            for (const wide of document.querySelectorAll("[data-right]")) wide.scrollLeft = wide.scrollWidth;
          };
          toEnd();
          const replace = (old, fresh) => {
            if (old.dataset.text === undefined) old.dataset.text = old.innerHTML;
            if (old.dataset.text === fresh.innerHTML) return;
            const open = new Map([...old.querySelectorAll("details[id]")].map((item) => [item.id, item.open]));
            const logs = new Map([...old.querySelectorAll("pre[id]")].map((log) => [
              log.id, log.scrollTop + log.clientHeight >= log.scrollHeight - 4 ? -1 : log.scrollTop]));
            const wides = new Map([...old.querySelectorAll("[data-right]")].map((wide) => [
              wide.id, wide.scrollLeft + wide.clientWidth >= wide.scrollWidth - 4 ? -1 : wide.scrollLeft]));
            const focus = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
            old.innerHTML = fresh.innerHTML;
            old.dataset.text = fresh.innerHTML;
            for (const item of old.querySelectorAll("details[id]")) {
              if (open.has(item.id)) item.open = open.get(item.id);
            }
            for (const log of old.querySelectorAll("pre[id]")) {
              const place = logs.get(log.id);
              log.scrollTop = place === undefined || place < 0 ? log.scrollHeight : place;
            }
            for (const wide of old.querySelectorAll("[data-right]")) {
              const place = wides.get(wide.id);
              wide.scrollLeft = place === undefined || place < 0 ? wide.scrollWidth : place;
            }
            if (focus) {
              const again = [...old.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focus);
              if (again) again.focus({ preventScroll: true });
            }
            filter();
          };
          const stale = document.getElementById("stale");
          let busy = false;
          let pause = 2000;
          const refresh = async () => {
            const selection = String(window.getSelection());
            const parts = document.querySelectorAll("[data-live]");
            if (busy || document.hidden || selection !== "" || parts.length === 0) return;
            busy = true;
            const start = performance.now();
            try {
              const answer = await fetch(location.href, {
                headers: { "X-CryptoFlow-Fragment": "1" }, cache: "no-store", signal: AbortSignal.timeout(10000) });
              if (!answer.ok) throw new Error(answer.statusText);
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              for (const part of parts) {
                const fresh = page.querySelector('[data-live="' + CSS.escape(part.dataset.live) + '"]');
                if (fresh) replace(part, fresh);
              }
              if (stale) stale.hidden = true;
            } catch {
              if (stale) stale.hidden = false;
            } finally {
              busy = false;
              // A page that takes long to make or to show is asked for less often.
              pause = Math.min(Math.max(2000, 10 * (performance.now() - start)), 30000);
            }
          };
          // The page of a database that does not answer becomes the page that was asked for once it does.
          const retry = async () => {
            try {
              if ((await fetch(location.href, { cache: "no-store" })).status !== 503) return location.reload();
            } catch {}
            setTimeout(retry, 2000);
          };
          if (document.querySelector("[data-retry]")) setTimeout(retry, 2000);
          const next = () => setTimeout(async () => { await refresh(); next(); }, pause);
          next();
          document.addEventListener("visibilitychange", refresh);
        })();

        """#
}
