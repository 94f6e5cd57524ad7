"""Logs in, subscribes, publishes, then publishes where it may not, and prints what it hears."""
import sys
import paho.mqtt.client as mqtt

host, port, client_id, user, password = sys.argv[1:]
client = mqtt.Client(client_id, protocol=mqtt.MQTTv311)
client.username_pw_set(user, password)


def on_connect(client, _data, _flags, code):
    print("connected", code)
    if code:
        client.disconnect()
    else:
        client.subscribe("TopicA/#", 1)


def on_subscribe(client, _data, _id, qos):
    print("subscribed", qos)
    client.publish("TopicA/1", "hello", 1)


def on_message(client, _data, message):
    print(message.topic, message.payload.decode())
    if message.topic == "TopicA/1":
        client.publish("TopicB", "forbidden", 1)


def on_disconnect(client, _data, code):
    if not client.refused:
        print("cut")
    client.disconnect()


client.refused = False
client.on_subscribe, client.on_message, client.on_disconnect = on_subscribe, on_message, on_disconnect


def connected(client, data, flags, code):
    client.refused = code != 0
    on_connect(client, data, flags, code)


client.on_connect = connected
client.connect(host, int(port), 60)
while client.loop(timeout=5) == mqtt.MQTT_ERR_SUCCESS:
    pass
